const ASCII = new TextDecoder()

/** Lower-case hex, as one flat string: what is put together digit by digit takes twenty times the memory. */
export function hexOfBytes(bytes: Uint8Array): string {
  const hex = new Uint8Array(bytes.length * 2)
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    hex[2 * at] = digit(byte >> 4)
    hex[2 * at + 1] = digit(byte & 15)
  }
  return ASCII.decode(hex)
}

function digit(value: number): number {
  return value < 10 ? 0x30 + value : 0x57 + value
}
