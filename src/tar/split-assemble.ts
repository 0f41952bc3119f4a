import { ArchiveError } from '../errors.js'
import { displayPath, latin1Bytes } from './path.js'
import { crc64Buffer, type Crc64 } from './split-crc64.js'
import type { Absence, FileLookup, StoredFile } from './split-files.js'
import type { SplitEntry, SplitFile } from './split-line.js'
import { splitHeaders, type SplitHeaders } from './split-size.js'

/** What is wrong with one file of a layer. */
export interface SplitFault {
  readonly rawName: Uint8Array
  readonly problem: Absence | 'size' | 'content'
  /** Bytes and CRC-64 that the sidecar has for it. */
  readonly size: number
  readonly crc: string
  /** Bytes that are there, where there is a file. */
  readonly actualSize?: number
  /** CRC-64 of what is there, as far as the size that the sidecar has; where it was computed. */
  readonly actualCrc?: string
}

/** How to put a tar together. */
export interface AssembleOptions {
  readonly files: FileLookup
  /** Whether each file is held against its checksum; without it only its size is. */
  readonly checkContents: boolean
  /** Each file that is not what the sidecar says. */
  onFault(fault: SplitFault): void
  readonly signal?: AbortSignal | undefined
}

/** How files are read: into which checksum, where into one at all. */
interface Reading extends Pick<AssembleOptions, 'files' | 'onFault'> {
  readonly checksum: (() => Crc64) | undefined
  /** The file that is being read, for whoever stops in the middle of it. */
  open?: StoredFile | undefined
}

const BUFFER = 512 * 1024
// What a damaged sidecar may make us fill up with zeros.
const MOST_MISSING = 2 ** 36

/**
 * The tar that a sidecar was made of, from its segments and the files. Each chunk is valid until the next is asked for.
 * A file that is gone or of another size is told to `onFault` and cut, or filled up with zeros, to the size that its
 * header has, so that the tar stays one; who must have the original asks for no faults. Errors: those of readSplit.
 */
export async function* assembleSplit(
  entries: AsyncIterable<readonly SplitEntry[]>,
  options: AssembleOptions,
): AsyncGenerator<Uint8Array> {
  const { buffer: out, checksum } = options.checkContents ? crc64Buffer() : plainBuffer()
  const headers = splitHeaders()
  const { signal } = options
  const reading: Reading = { ...options, checksum }
  let used = 0
  try {
    for await (const batch of entries) {
      signal?.throwIfAborted()
      for (const entry of batch) {
        if (entry.kind === 'segment') headers.segment(entry.bytes)
        const pieces = entry.kind === 'segment' ? segmentPieces(entry.bytes) : filePieces(entry, headers, reading)
        for (;;) {
          const room = used === 0 ? out : out.subarray(used)
          const count = pieces(room)
          if (count === 0) break
          used += count
          if (used < out.length) continue
          yield out
          signal?.throwIfAborted()
          used = 0
        }
      }
    }
    if (used > 0) yield out.subarray(0, used)
  } finally {
    reading.open?.close()
  }
}

function plainBuffer() {
  return { buffer: new Uint8Array(BUFFER), checksum: undefined }
}

/** Checks every file that a sidecar names, without putting the tar together; faults go to `onFault`. */
export async function checkSplit(
  entries: AsyncIterable<readonly SplitEntry[]>,
  options: Omit<AssembleOptions, 'checkContents'>,
): Promise<{ readonly files: number; readonly bytes: number }> {
  const checker = splitChecker(options)
  for await (const batch of entries) {
    for (const entry of batch) {
      options.signal?.throwIfAborted()
      checker.check(entry)
    }
  }
  return checker.done
}

/** Checks the files of a sidecar, or of what would become one, whose entries come one by one. */
export interface SplitChecker {
  /** The next entry; its file is read. */
  check(entry: SplitEntry): void
  readonly done: { readonly files: number; readonly bytes: number }
}

/** See checkSplit. */
export function splitChecker({ files, onFault }: Pick<AssembleOptions, 'files' | 'onFault'>): SplitChecker {
  const { buffer, checksum } = crc64Buffer()
  const [headers, reading] = [splitHeaders(), { files, onFault, checksum }]
  const done = { files: 0, bytes: 0 }
  return {
    done,
    check(entry) {
      if (entry.kind === 'segment') headers.segment(entry.bytes)
      if (entry.kind === 'segment' || entry.size === 0) return
      const pieces = filePieces(entry, headers, reading)
      for (let count = pieces(buffer); count > 0; count = pieces(buffer)) done.bytes += count
      done.files += 1
    },
  }
}

/** Fills a buffer from its start; gives how many bytes it put there, 0 when there are no more. */
type Pieces = (room: Uint8Array) => number

const NOTHING: Pieces = () => 0

function segmentPieces(bytes: Uint8Array): Pieces {
  let at = 0
  return (room) => {
    const part = bytes.subarray(at, at + room.length)
    room.set(part)
    at += part.length
    return part.length
  }
}

function filePieces(entry: SplitFile, headers: SplitHeaders, options: Reading): Pieces {
  if (headers.contentOf(entry) === 0) return NOTHING
  const file = options.files.open(entry.name)
  if (typeof file !== 'string') return contentPieces(entry, file, options)
  options.onFault({ rawName: latin1Bytes(entry.name), problem: file, size: entry.size, crc: entry.crc ?? '' })
  return zeros(entry, entry.size)
}

function zeros(entry: SplitFile, count: number): Pieces {
  if (count > MOST_MISSING) {
    throw new ArchiveError('ERR_LIMIT', `${count} bytes of a file are missing: ${displayPath(latin1Bytes(entry.name))}`)
  }
  let left = count
  return (room) => {
    const length = Math.min(left, room.length)
    room.fill(0, 0, length)
    left -= length
    return length
  }
}

function contentPieces(entry: SplitFile, file: StoredFile, options: Reading): Pieces {
  options.open = file
  const checksum = options.checksum?.()
  const there = Math.min(entry.size, file.size)
  let done = 0
  let rest: Pieces | undefined
  return (room) => {
    if (rest !== undefined) return rest(room)
    const part = done === there ? 0 : read(file, room.subarray(0, Math.min(room.length, there - done)), done)
    if (part > 0) {
      checksum?.update(room.subarray(0, part))
      done += part
      if (done < there) return part
    }
    file.close()
    options.open = undefined
    tellFault(entry, file, { done, checksum, options })
    rest = zeros(entry, entry.size - done)
    return part > 0 ? part : rest(room)
  }
}

// A bad sector reads as the end of the file does.
function read(file: StoredFile, room: Uint8Array, offset: number): number {
  try {
    return file.read(room, offset)
  } catch {
    return 0
  }
}

interface Outcome {
  readonly done: number
  readonly checksum: Crc64 | undefined
  readonly options: Reading
}

function tellFault(entry: SplitFile, file: StoredFile, { done, checksum, options }: Outcome): void {
  const { name, size, crc = '' } = entry
  const actualCrc = checksum?.hex()
  if (done === size && file.size === size && (actualCrc ?? crc) === crc) return
  const rawName = latin1Bytes(name)
  const actual = { ...(actualCrc !== undefined && { actualCrc }) }
  if (done < Math.min(size, file.size)) options.onFault({ rawName, problem: 'unreadable', size, crc })
  else if (file.size !== size) {
    options.onFault({ rawName, problem: 'size', size, crc, actualSize: file.size, ...actual })
  } else if (actualCrc !== undefined && actualCrc !== crc) {
    options.onFault({ rawName, problem: 'content', size, crc, actualSize: size, actualCrc })
  }
}
