import { closeSync, constants, createReadStream, openSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { isatty } from 'node:tty'
import { ArchiveError, refuseAborted, toArchiveError } from '../errors.js'

/**
 * The bytes of a path that can be read once only: a pipe, as the shell's `<(command)` makes one, a FIFO, a character
 * device. Undefined for what can be read anywhere, and for what is not there. Nothing is open before the first chunk is
 * asked for. Errors: ERR_USAGE for a terminal, ERR_IO; while reading ERR_IO, ERR_ABORTED.
 */
export async function pipeAt(path: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined> {
  const status = await stat(path).catch(() => undefined)
  if (status?.isFIFO() === true) return pipeChunks(path, signal)
  if (status?.isCharacterDevice() !== true) return undefined
  refuseTerminal(path)
  return createReadStream(path, { ...(signal && { signal }) })
}

/**
 * Nothing may ever come down a pipe, and who opens a FIFO waits for its writer. Done with blocking calls, as files are
 * read, neither could be interrupted.
 */
async function* pipeChunks(path: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const { pipeSocket } = await import('./pipe-socket.js')
  try {
    refuseAborted(signal)
    yield* pipeSocket(openAtOnce(path), signal)
  } catch (error) {
    throw toArchiveError(error, { location: path })
  }
}

function refuseTerminal(path: string): void {
  const file = openAtOnce(path)
  const isTerminal = isatty(file)
  closeSync(file)
  if (isTerminal) throw new ArchiveError('ERR_USAGE', 'this is a terminal', { location: path })
}

/** A descriptor for reading, with or without somebody who writes. */
function openAtOnce(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch (cause) {
    throw toArchiveError(cause, { location: path })
  }
}
