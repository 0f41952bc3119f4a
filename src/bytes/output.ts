import { fstatSync, write, type Stats } from 'node:fs'
import { link, open, rename, rm, unlink, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Writable } from 'node:stream'
import { promisify } from 'node:util'
import { LARGEST_WRITE, writeChunked, type Blocks } from './blocks.js'
import { growingFile } from './growing-file.js'
import {
  checkParent,
  modeToWrite,
  nameBeside,
  outputError,
  placeOf,
  refuseTaken,
  systemCode,
  takeAfter,
  type OutputOptions,
} from './file-place.js'

/** Where bytes go. Nothing of it shows before `commit`; disposing of it without one leaves no trace. */
export interface Output extends AsyncDisposable {
  /** As the user named it. */
  readonly location: string
  /** Bytes written so far. */
  readonly position: number
  /** Appends; the chunk is the caller's again when the promise resolves. Errors: ERR_OUTPUT. */
  write(chunk: Uint8Array): Promise<void>
  /** Appends bytes without copying them, where it can be. Errors: ERR_OUTPUT, what the blocks throw. */
  take(blocks: Blocks): Promise<void>
  /** What only a file can do; undefined for a pipe or a device. */
  readonly seekable: Seekable | undefined
  /** Flushes to the disk and puts the file in its place at once. Errors: ERR_OUTPUT. */
  commit(): Promise<void>
}

/** Changes to what was written already. */
export interface Seekable {
  /** Overwrites bytes before `position`. */
  patch(offset: number, bytes: Uint8Array): Promise<void>
  /** Forgets all bytes from that one on. */
  rewind(position: number): Promise<void>
  /** Leaves room for bytes that others write. */
  reserve(length: number): Promise<Room>
}

/** Room in a file of the system, in which threads may write too. */
export interface Room {
  readonly file: string
  readonly offset: number
  /** So many bytes of it were written, by whomever. */
  readonly written: (bytes: number) => void
}

/** Refuses what `fileOutput` would, and makes nothing. Errors: as fileOutput. */
export async function checkFile(path: string, options: OutputOptions): Promise<void> {
  const place = await placeOf(path, options)
  if (place.kind === 'file') await checkParent(place.path, path)
}

/**
 * Opens a file to be written: beside its place, and moved there by `commit`, with the permissions of the file that it
 * replaces. What exists and is neither file nor directory (a device, a named pipe) is written as it is. Errors: ERR_OUTPUT
 * where it exists and `force` is not set, or is a directory, or cannot be made.
 */
export async function fileOutput(path: string, { force }: OutputOptions): Promise<Output> {
  const place = await placeOf(path, { force })
  if (place.kind === 'device') return deviceOutput(path)
  const beside = nameBeside(place.path)
  const handle = await open(beside, 'wx', modeToWrite(place.replaced)).catch((cause: unknown) => {
    throw outputError(cause, path)
  })
  return besideOutput(path, { place: place.path, replaced: place.replaced, beside, handle, force })
}

interface Beside {
  readonly place: string
  readonly replaced: Stats | undefined
  readonly beside: string
  readonly handle: FileHandle
  readonly force: boolean
}

function besideOutput(location: string, { place, replaced, beside, handle, force }: Beside): Output {
  const growing = growingFile(beside, handle, (cause) => outputError(cause, location))
  const told = (cause: unknown): never => {
    throw outputError(cause, location)
  }
  return {
    location,
    get position() {
      return growing.position
    },
    write: (chunk) => growing.append(chunk).catch(told),
    take: (blocks) => growing.take(blocks),
    seekable: {
      patch: (offset, bytes) => growing.patch(offset, bytes).catch(told),
      rewind: (to) => growing.moveTo(to).catch(told),
      async reserve(length) {
        const offset = growing.position
        await growing.moveTo(offset + length).catch(told)
        return { file: beside, offset, written: growing.written }
      },
    },
    async commit() {
      try {
        if (replaced !== undefined) await takeAfter(handle, replaced)
        await growing.store()
        await growing.close()
        await (force ? rename(beside, place) : moveToFree(beside, place, location))
        await syncDirectory(dirname(place))
      } catch (cause) {
        told(cause)
      }
    },
    async [Symbol.asyncDispose]() {
      await growing.close().catch(() => undefined)
      await rm(beside, { force: true })
    },
  }
}

// rename(2) replaces what came there meanwhile, link(2) does not; file systems without links have only the former.
async function moveToFree(from: string, to: string, location: string): Promise<void> {
  try {
    await link(from, to)
  } catch (cause) {
    if (systemCode(cause) === 'EEXIST') throw refuseTaken(location)
    await rename(from, to)
    return
  }
  await unlink(from)
}

/** Makes a rename in a directory last; systems that cannot are left alone. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r').catch(() => undefined)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}

async function deviceOutput(path: string): Promise<Output> {
  const handle = await open(path, 'w').catch((cause: unknown) => {
    throw outputError(cause, path)
  })
  const put = async (chunk: Uint8Array, done: number): Promise<number> => {
    return (await handle.write(chunk, done, chunk.length - done, null)).bytesWritten
  }
  const write = (chunk: Uint8Array): Promise<void> => inParts(chunk, put, path)
  return chunkOutput(path, { write, close: () => handle.close() })
}

/**
 * A stream that is open already, such as standard output; it is not ended, and nothing else may be written to it meanwhile.
 * Errors of it come as ERR_OUTPUT.
 */
export function streamOutput(stream: Writable, location = '-'): Output {
  const file = fileBelow(stream)
  return chunkOutput(location, file === undefined ? intoStream(stream, location) : intoFile(file, location))
}

const STDOUT = 1

/** The descriptor of standard output where that is a file; other streams may have bytes and positions of their own. */
function fileBelow(stream: Writable): typeof STDOUT | undefined {
  return 'fd' in stream && stream.fd === STDOUT && fstatSync(STDOUT).isFile() ? STDOUT : undefined
}

// The stream would write on this thread, and however much at once.
function intoFile(file: number, location: string): ChunkWriter {
  const writeSome = promisify(write)
  const put = async (chunk: Uint8Array, done: number): Promise<number> => {
    const { bytesWritten } = await writeSome(file, chunk, done, Math.min(LARGEST_WRITE, chunk.length - done), null)
    return bytesWritten
  }
  return {
    write: (chunk) => inParts(chunk, put, location),
    close: () => Promise.resolve(),
  }
}

/** `put` takes as much as it can from there on. */
async function inParts(
  chunk: Uint8Array,
  put: (chunk: Uint8Array, done: number) => Promise<number>,
  location: string,
): Promise<void> {
  try {
    for (let done = 0; done < chunk.length;) done += await put(chunk, done)
  } catch (cause) {
    throw outputError(cause, location)
  }
}

function intoStream(stream: Writable, location: string): ChunkWriter {
  let failure: Error | undefined
  const onError = (error: Error): void => void (failure ??= error)
  const check = (): Promise<void> =>
    failure === undefined ? Promise.resolve() : Promise.reject(outputError(failure, location))
  stream.on('error', onError)
  return {
    async write(chunk) {
      await check()
      await new Promise<void>((resolve, reject) => {
        stream.write(chunk, (error) => (error ? reject(outputError(error, location)) : resolve()))
      })
    },
    commit: check,
    close: () => Promise.resolve(void stream.off('error', onError)),
  }
}

/** An output that counts bytes and keeps none: for saying what would be written. */
export function nullOutput(location: string): Output {
  const nothing = (): Promise<void> => Promise.resolve()
  return chunkOutput(location, { write: nothing, close: nothing })
}

interface ChunkWriter {
  write(chunk: Uint8Array): Promise<void>
  commit?(): Promise<void>
  close(): Promise<void>
}

/** An output that can only go on. */
function chunkOutput(location: string, to: ChunkWriter): Output {
  let position = 0
  const write = async (chunk: Uint8Array): Promise<void> => {
    await to.write(chunk)
    position += chunk.length
  }
  return {
    location,
    get position() {
      return position
    },
    write,
    take: (blocks) => writeChunked(blocks, write),
    seekable: undefined,
    commit: () => to.commit?.() ?? Promise.resolve(),
    [Symbol.asyncDispose]: () => to.close(),
  }
}
