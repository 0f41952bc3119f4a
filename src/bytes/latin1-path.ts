import type { PathLike } from 'node:fs'

/** Paths of the system as strings with one latin1 character a byte, and back: names are bytes. */
export const latin1Path = {
  /** Of a path that is text. */
  fromText: (text: string): string =>
    Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''),
  /** For node:fs. */
  toPath: (path: string): PathLike => {
    // Uint8Array.from would call a function for each character: a second for 150,000 files.
    const bytes = new Uint8Array(path.length)
    for (let at = 0; at < bytes.length; at++) bytes[at] = path.charCodeAt(at)
    return bytes as PathLike // node:fs takes names as bytes in any Uint8Array, its types say Buffer
  },
}
