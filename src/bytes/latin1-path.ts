import type { PathLike } from 'node:fs'

/** Paths of the system as strings with one latin1 character a byte, and back: names are bytes. */
export const latin1Path = {
  /** Of a path that is text. */
  fromText: (text: string): string =>
    Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''),
  /** For node:fs. */
  toPath: (path: string): PathLike => {
    const bytes = Uint8Array.from(path, (character) => character.charCodeAt(0))
    return bytes as PathLike // node:fs takes names as bytes in any Uint8Array, its types say Buffer
  },
}
