const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const EQUALS = 0x3d
const NONE = 0xff

const DIGITS = Uint8Array.from(ALPHABET, (letter) => letter.charCodeAt(0))
const VALUES = new Uint8Array(256).fill(NONE)
for (const [value, code] of DIGITS.entries()) VALUES[code] = value

/** The bytes that padded base64 text (RFC 4648, 4), given as ASCII, stands for; undefined where it is none. */
export function decodeBase64(text: Uint8Array): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined
  const padding = text.at(-1) !== EQUALS ? 0 : text.at(-2) === EQUALS ? 2 : 1
  const bytes = roomFor((text.length / 4) * 3 - padding)
  const digits = text.length - padding
  let odd = 0
  let to = 0
  for (let at = 0; at < digits; at += 4) {
    const [a, b] = [valueAt(text, at), valueAt(text, at + 1)]
    const c = at + 2 < digits ? valueAt(text, at + 2) : 0
    const d = at + 3 < digits ? valueAt(text, at + 3) : 0
    odd |= a | b | c | d
    const word = (a << 18) | (b << 12) | (c << 6) | d
    bytes[to++] = word >>> 16
    bytes[to++] = word >>> 8
    bytes[to++] = word
  }
  return odd > 63 ? undefined : bytes
}

// Sidecars of layers have tens of thousands of short texts: an array of its own for each would keep the collector busy.
const SLAB = 64 * 1024
let slab = new Uint8Array(0)
let used = 0

function roomFor(length: number): Uint8Array {
  if (length > SLAB / 8) return new Uint8Array(length)
  if (used + length > slab.length) {
    slab = new Uint8Array(SLAB)
    used = 0
  }
  used += length
  return slab.subarray(used - length, used)
}

function valueAt(text: Uint8Array, at: number): number {
  return VALUES[text[at] ?? 0] ?? NONE
}

/** Padded base64 of bytes, as ASCII bytes. */
export function encodeBase64(bytes: Uint8Array): Uint8Array {
  const text = new Uint8Array(Math.ceil(bytes.length / 3) * 4)
  for (let at = 0, to = 0; at < bytes.length; at += 3) {
    const word = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    text[to++] = DIGITS[word >>> 18] ?? 0
    text[to++] = DIGITS[(word >>> 12) & 63] ?? 0
    text[to++] = at + 1 < bytes.length ? (DIGITS[(word >>> 6) & 63] ?? 0) : EQUALS
    text[to++] = at + 2 < bytes.length ? (DIGITS[word & 63] ?? 0) : EQUALS
  }
  return text
}
