import { ArchiveError, refuseAborted } from '../errors.js'
import { displayKey, latin1Bytes } from './path.js'
import { crc64Buffer, type Crc64 } from './split-crc64.js'
import type { Absence, FileLookup, StoredFile } from './split-files.js'
import type { SplitEntry, SplitFile } from './split-line.js'
import { splitHeaders } from './split-size.js'

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
  /** What is put where bytes of a file are missing: zeros (default), or nothing, for those who then want no tar at all. */
  readonly missing?: 'zeros' | 'nothing'
  readonly signal?: AbortSignal | undefined
}

const BUFFER = 512 * 1024
// What a damaged sidecar may make us fill up with zeros, all its files together.
const MOST_MISSING = 2 ** 36

/**
 * The tar that a sidecar was made of, from its segments and the files. Each chunk is valid until the next but one is asked
 * for: who writes it need not keep the files waiting. A file that is gone or of another size is told to `onFault` and cut,
 * or filled up with zeros, to the size that its header has, so that the tar stays one; who must have the original asks for
 * no faults. Errors: those of readSplit, ERR_LIMIT where more is missing than anyone would fill up.
 */
export async function* assembleSplit(
  entries: AsyncIterable<readonly SplitEntry[]>,
  options: AssembleOptions,
): AsyncGenerator<Uint8Array> {
  const { buffer, checksum } = options.checkContents ? crc64Buffer() : plainBuffer()
  const reader = fileReader(options, checksum)
  const filler = bufferFiller(buffer, reader)
  const { signal } = options
  try {
    for await (const batch of entries) {
      refuseAborted(signal)
      filler.take(batch)
      for (let full = filler.fill(); full !== undefined; full = filler.fill()) {
        yield full
        refuseAborted(signal)
      }
    }
    const rest = filler.rest()
    if (rest.length > 0) yield rest
  } finally {
    reader.close()
  }
}

function plainBuffer() {
  return { buffer: new Uint8Array(BUFFER), checksum: undefined }
}

/** Fills the two halves of a buffer in turns with what entries stand for. */
interface BufferFiller {
  /** The next entries; those before are used up. */
  take(batch: readonly SplitEntry[]): void
  /** A half that is full; undefined where there is no more to fill one with. */
  fill(): Uint8Array | undefined
  /** What stands in a half that is not full. */
  rest(): Uint8Array
}

// Apart from the generator, and without an object for each entry: what runs for every file must be small and always of the
// same kind, or the engine compiles it many times over.
function bufferFiller(whole: Uint8Array, reader: FileReader): BufferFiller {
  const middle = whole.length / 2
  let [buffer, other] = [whole.subarray(0, middle), whole.subarray(middle)]
  const headers = splitHeaders()
  let batch: readonly SplitEntry[] = []
  let next = 0
  let segment: Uint8Array = new Uint8Array(0)
  let [copied, used] = [0, 0]
  const begin = (entry: SplitEntry) => {
    if (entry.kind === 'segment') {
      headers.segment(entry.bytes)
      segment = entry.bytes
      copied = 0
    } else if (headers.contentOf(entry) > 0) reader.begin(entry)
  }
  const copy = (): number => {
    const part = segment.subarray(copied, copied + buffer.length - used)
    buffer.set(part, used)
    copied += part.length
    return part.length
  }
  return {
    take(entries) {
      batch = entries
      next = 0
    },
    fill() {
      if (used === buffer.length) {
        used = 0
        ;[buffer, other] = [other, buffer]
      }
      while (used < buffer.length) {
        const count = copied < segment.length ? copy() : reader.read(buffer.subarray(used))
        used += count
        if (count > 0) continue
        const entry = batch[next++]
        if (entry === undefined) return undefined
        begin(entry)
      }
      return buffer
    },
    rest: () => buffer.subarray(0, used),
  }
}

/** Checks every file that a sidecar names, without putting the tar together; faults go to `onFault`. */
export async function checkSplit(
  entries: AsyncIterable<readonly SplitEntry[]>,
  options: Omit<AssembleOptions, 'checkContents'>,
): Promise<{ readonly files: number; readonly bytes: number }> {
  const checker = splitChecker(options)
  for await (const batch of entries) {
    for (const entry of batch) {
      refuseAborted(options.signal)
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
export function splitChecker(options: Pick<AssembleOptions, 'files' | 'onFault'>): SplitChecker {
  const { buffer, checksum } = crc64Buffer()
  const [headers, reader] = [splitHeaders(), fileReader({ ...options, missing: 'nothing' }, checksum)]
  const done = { files: 0, bytes: 0 }
  return {
    done,
    check(entry) {
      if (entry.kind === 'segment') headers.segment(entry.bytes)
      if (entry.kind === 'segment' || entry.size === 0) return
      if (headers.contentOf(entry) > 0) reader.begin(entry)
      for (let count = reader.read(buffer); count > 0; count = reader.read(buffer)) done.bytes += count
      done.files += 1
    },
  }
}

/** Reads the contents of files, one after the other. */
interface FileReader {
  /** The next file. Where it is gone, that is told, and it reads as zeros. */
  begin(entry: SplitFile): void
  /** Puts bytes at the start of the room and gives how many; 0 at the end of the file, and where there is none. */
  read(room: Uint8Array): number
  /** For whoever stops in the middle of a file. */
  close(): void
}

function fileReader(
  { files, onFault, missing: filling = 'zeros' }: Pick<AssembleOptions, 'files' | 'onFault' | 'missing'>,
  checksum: (() => Crc64) | undefined,
): FileReader {
  let reading: Reading | undefined
  let [missing, missingOfAll] = [0, 0]
  const fillUp = (entry: SplitFile, count: number) => {
    if (filling === 'nothing') return
    missing = count
    missingOfAll += count
    if (missingOfAll > MOST_MISSING) throw tooMuchMissing(entry, missingOfAll)
  }
  const end = ({ entry, file, crc, done }: Reading) => {
    file.close()
    reading = undefined
    const fault = faultOf(entry, { file, done, actualCrc: crc?.hex() })
    if (fault !== undefined) onFault(fault)
    fillUp(entry, entry.size - done)
  }
  return {
    begin(entry) {
      const file = files.open(entry.name)
      if (typeof file !== 'string') reading = { entry, file, crc: checksum?.(), done: 0 }
      else {
        onFault({ rawName: latin1Bytes(entry.name), problem: file, size: entry.size, crc: entry.crc ?? '' })
        fillUp(entry, entry.size)
      }
    },
    read(room) {
      if (reading !== undefined) {
        const left = Math.min(reading.entry.size, reading.file.size) - reading.done
        const count = left === 0 ? 0 : readSome(reading, room.subarray(0, left))
        if (count === 0 || count === left) end(reading)
        if (count > 0) return count
      }
      const count = Math.min(missing, room.length)
      room.fill(0, 0, count)
      missing -= count
      return count
    },
    close: () => reading?.file.close(),
  }
}

/** A file that is open, and what was read of it. */
interface Reading {
  readonly entry: SplitFile
  readonly file: StoredFile
  readonly crc: Crc64 | undefined
  done: number
}

// A bad sector reads as the end of the file does.
function readSome(reading: Reading, room: Uint8Array): number {
  let count = 0
  try {
    count = reading.file.read(room, reading.done)
  } catch {
    return 0
  }
  reading.crc?.update(count === room.length ? room : room.subarray(0, count))
  reading.done += count
  return count
}

function tooMuchMissing({ name }: SplitFile, count: number): ArchiveError {
  const last = displayKey(name)
  return new ArchiveError('ERR_LIMIT', `${count} bytes of files are missing, the last ones of ${last}`)
}

interface Outcome {
  readonly file: StoredFile
  readonly done: number
  readonly actualCrc: string | undefined
}

function faultOf({ name, size, crc = '' }: SplitFile, { file, done, actualCrc }: Outcome): SplitFault | undefined {
  if (done === size && file.size === size && (actualCrc ?? crc) === crc) return undefined
  const rawName = latin1Bytes(name)
  if (done < Math.min(size, file.size)) return { rawName, problem: 'unreadable', size, crc }
  const actual = { ...(actualCrc !== undefined && { actualCrc }) }
  return { rawName, problem: file.size === size ? 'content' : 'size', size, crc, actualSize: file.size, ...actual }
}
