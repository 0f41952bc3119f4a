import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ArchiveError, toArchiveError } from '../errors.js'
import { fileSource, type OpenSource } from './source.js'

/**
 * Writes a stream to a temporary file that goes away with the source: for work that must read a pipe more than once.
 * Errors: what the stream throws, ERR_IO that names the folder where the file cannot be written, as when the disk is full.
 */
export async function spool(
  chunks: AsyncIterable<Uint8Array>,
  location: string,
  signal?: AbortSignal,
): Promise<OpenSource> {
  const folder = await mkdtemp(join(tmpdir(), 'imgtar-')).catch((cause: unknown) => {
    throw temporaryFault(cause)
  })
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const file = join(folder, 'archive.tar')
    // Chunks are views on a buffer that is used again, and a write stream holds what it was given.
    await pipeline(Readable.from(copies(chunks)), createWriteStream(file), { signal })
    const source = await fileSource(file, location)
    return {
      ...source,
      async [Symbol.asyncDispose]() {
        await source[Symbol.asyncDispose]()
        await remove()
      },
    }
  } catch (error) {
    await remove()
    throw isOfWriting(error) ? temporaryFault(error) : toArchiveError(error, { location })
  }
}

// Whatever else the system refuses, it refuses to the stream.
function isOfWriting(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && (error.syscall === 'open' || error.syscall === 'write')
}

function temporaryFault(cause: unknown): ArchiveError {
  const { message } = toArchiveError(cause)
  return new ArchiveError('ERR_IO', `no temporary file can be written there: ${message}`, {
    location: tmpdir(),
    hint: 'TMPDIR=FOLDER names another folder for them',
    cause,
  })
}

async function* copies(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield chunk.slice()
}
