import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'

/**
 * The bytes of a path that can be read once only: a pipe, as the shell's `<(command)` makes one, a FIFO, a character
 * device. Undefined for what can be read anywhere, and for what is not there.
 */
export async function pipeAt(path: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined> {
  const status = await stat(path).catch(() => undefined)
  if (status?.isFIFO() !== true && status?.isCharacterDevice() !== true) return undefined
  return createReadStream(path, { ...(signal && { signal }) })
}
