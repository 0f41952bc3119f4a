import { crc64Machine, type Crc64Machine } from './split-crc64-wasm.js'

/** CRC-64/ISO as Go's hash/crc64 has it: what tar-split keeps of every file. */
export interface Crc64 {
  update(bytes: Uint8Array): void
  /** 16 lower-case hex digits, the most significant first; that of no bytes is all zeros. */
  hex(): string
}

// All bits set before and after (hash/crc64: update complements the state on its way in and out).
const START = -1n

let shared: Crc64Machine | undefined

/** A running checksum. */
export function crc64(): Crc64 {
  return checksumOn((shared ??= crc64Machine()))
}

/** A buffer, and checksums that look at what lies in it without copying it out; other bytes overwrite it. */
export function crc64Buffer(): { readonly buffer: Uint8Array<ArrayBuffer>; readonly checksum: () => Crc64 } {
  const machine = crc64Machine()
  return { buffer: machine.input, checksum: () => checksumOn(machine) }
}

function checksumOn(machine: Crc64Machine): Crc64 {
  const { input } = machine
  let state = START
  return {
    update(bytes) {
      if (bytes.buffer === input.buffer) {
        state = machine.update(state, bytes.byteOffset, bytes.byteOffset + bytes.length)
        return
      }
      for (let at = 0; at < bytes.length; at += input.length) {
        const part = bytes.subarray(at, at + input.length)
        input.set(part)
        state = machine.update(state, 0, part.length)
      }
    },
    hex: () => BigInt.asUintN(64, ~state).toString(16).padStart(16, '0'),
  }
}
