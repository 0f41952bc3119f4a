import type { Writable } from 'node:stream'

/** A stream to the outside that waits for its reader, and falls silent when the reader has gone. */
export interface Output {
  /** Resolves when the stream wants more. Errors: what writing failed with, save EPIPE. */
  write(text: string): Promise<void>
  /** Resolves when everything was handed over. */
  end(): Promise<void>
}

/** Wraps stdout or stderr; a closed pipe (`imgtar ls x | head`) is no failure. */
export function outputTo(stream: Writable): Output {
  let gone = false
  let failure: Error | undefined
  stream.on('error', (error: NodeJS.ErrnoException) => {
    gone = true
    if (error.code !== 'EPIPE') failure = error
  })
  const send = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      stream.write(text, () => (failure === undefined ? resolve() : reject(failure)))
    })
  return {
    write: (text) => (gone ? settled(failure) : send(text)),
    end: () => (gone ? settled(failure) : send('')),
  }
}

function settled(failure: Error | undefined): Promise<void> {
  return failure === undefined ? Promise.resolve() : Promise.reject(failure)
}

/** Writes many small texts as few larger ones, each awaited. */
export async function writeAll(output: Output, texts: Iterable<string>): Promise<void> {
  for (const piece of inPieces(texts)) await output.write(piece)
  await output.end()
}

const PIECE = 64 * 1024

/** Small texts put together to larger ones, worth a write each. */
export function* inPieces(texts: Iterable<string>): Generator<string> {
  let piece = ''
  for (const text of texts) {
    piece += text
    if (piece.length < PIECE) continue
    yield piece
    piece = ''
  }
  if (piece !== '') yield piece
}
