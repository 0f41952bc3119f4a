import { StringDecoder } from 'node:string_decoder'

// Node's decoder takes more than the standard's letters: those of the URL-safe alphabet, and the lower byte of wide ones.
const WIDE = /[^\0-\xff]/
const takesTooMuch = (text: string) => text.includes('-') || text.includes('_') || WIDE.test(text)

/** The bytes that padded base64 text (RFC 4648, 4) stands for; undefined where it is none. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const length = lengthOfBase64(text)
  if (length === undefined || takesTooMuch(text)) return undefined
  const room = roomFor(length)
  // What is no letter at all is passed over, and missing in the end.
  return room.write(text, 'base64') === length ? new Uint8Array(room.buffer, room.byteOffset, length) : undefined
}

/** How many bytes padded base64 text stands for, by its length and its end alone; undefined where it cannot be any. */
export function lengthOfBase64(text: string): number | undefined {
  if (text.length % 4 !== 0) return undefined
  const padding = !text.endsWith('=') ? 0 : text.endsWith('==') ? 2 : 1
  return (text.length / 4) * 3 - padding
}

// Sidecars of layers have tens of thousands of short texts: an array of its own for each would keep the collector busy.
const SLAB = 64 * 1024
let slab = Buffer.alloc(0)
let used = 0

function roomFor(length: number): Buffer {
  if (length > SLAB / 8) return Buffer.alloc(length)
  if (used + length > slab.length) {
    slab = Buffer.alloc(SLAB)
    used = 0
  }
  used += length
  return slab.subarray(used - length, used)
}

/** Padded base64 of bytes. */
export function encodeBase64(bytes: Uint8Array): string {
  return new StringDecoder('base64').end(bytes)
}
