import { decompress, sniffCompression } from '../../bytes/compression.js'
import { readChunks, type ByteReader } from '../../bytes/reader.js'
import { chunksOf, type ByteSource, type Span } from '../../bytes/source.js'
import type { RunContext } from '../../context.js'
import { ArchiveError } from '../../errors.js'
import type { Layer } from '../../model/image.js'
import { displayKey } from '../../tar/path.js'
import { crc64 } from '../../tar/split-crc64.js'
import { paddingOf } from '../../tar/write.js'
import type { SplitEntry, SplitFile } from '../../tar/split-line.js'
import { readSplit } from '../../tar/split-read.js'
import type { Clue } from './clue.js'
import { bytesInWords } from './places.js'
import { addDifferences, rangeCollector } from './ranges.js'

/**
 * Holds a damaged layer against a tar-split sidecar, which has every header and a checksum of every file. Undefined where
 * it is of another layer. Errors: those of readSplit, ERR_IO, ERR_ABORTED.
 */
export async function cluesFromSidecar(
  damaged: Layer,
  sidecar: ByteSource,
  context: RunContext,
): Promise<readonly Clue[] | undefined> {
  const tar = readChunks(damaged.tar(context))
  const held: Held = { tar, clues: [], right: 0, wrong: 0, last: undefined, odd: [], witness: sidecar.location }
  try {
    for await (const batch of entriesOf(sidecar, context)) {
      for (const entry of batch) await hold(held, entry)
    }
    tellSegments(held, undefined)
  } finally {
    await tar.close()
  }
  // Damage is in a few places; of another layer hardly a header is the same.
  return held.right > 0 && held.right >= held.wrong ? held.clues : undefined
}

async function* entriesOf(sidecar: ByteSource, { limits, signal }: RunContext): AsyncGenerator<readonly SplitEntry[]> {
  const { location } = sidecar
  const compression = await sniffCompression(sidecar, signal)
  const chunks = decompress(compression, chunksOf(sidecar, signal), { limits, location })
  yield* readSplit(chunks, { limits, location })
}

interface Held {
  readonly tar: ByteReader
  readonly clues: Clue[]
  /** Segments that are as the sidecar has them, and those that are not. */
  right: number
  wrong: number
  /** The file before, and where its last block ends. */
  last: { readonly path: string; readonly end: number } | undefined
  /** Bytes of segments that are not as the sidecar has them, since the file before. */
  readonly odd: Span[]
  readonly witness: string
}

async function hold(held: Held, entry: SplitEntry): Promise<void> {
  if (entry.kind === 'segment') await holdSegment(held, entry.bytes)
  else await holdFile(held, entry)
}

async function holdSegment(held: Held, expected: Uint8Array): Promise<void> {
  const offset = held.tar.offset
  const actual = await held.tar.read(expected.length).catch(asNothing)
  const ranges = rangeCollector()
  addDifferences(actual, expected.subarray(0, actual.length), offset, ranges)
  if (actual.length < expected.length) ranges.add(offset + actual.length, offset + expected.length)
  if (ranges.ranges.length === 0) held.right += 1
  else held.wrong += 1
  for (const range of ranges.ranges) held.odd.push(range)
}

/** Tells the odd bytes of the segments before a file: some may fill up the block of the file before it. */
function tellSegments(held: Held, next: string | undefined): void {
  const { last, witness } = held
  const odd = held.odd.splice(0)
  const behind = last === undefined ? [] : odd.filter(({ offset }) => offset < last.end)
  const inHeader = odd.slice(behind.length)
  const tell = (what: string, ranges: readonly Span[], entry: string | undefined) =>
    held.clues.push({
      code: 'DAMAGED_RANGE',
      message: `${what} is not what ${witness} has: ${bytesInWords(ranges.slice(0, 4))} of the layer`,
      ...(entry !== undefined && { entry }),
      layerOffset: ranges[0]?.offset ?? 0,
    })
  if (behind.length > 0) tell(`what follows ${last?.path ?? ''}`, behind, last?.path)
  if (inHeader.length > 0) tell(next === undefined ? 'the end of the tar' : `the header of ${next}`, inHeader, next)
}

async function holdFile(held: Held, { name, size, crc }: SplitFile): Promise<void> {
  const path = displayKey(name)
  const layerOffset = held.tar.offset
  tellSegments(held, path)
  held.last = { path, end: layerOffset + size + paddingOf(size) }
  if (size === 0) return
  const sum = crc64()
  try {
    for await (const chunk of held.tar.take(size)) sum.update(chunk)
  } catch (error) {
    asNothing(error)
  }
  const actual = sum.hex()
  if (crc === undefined || actual === crc) return
  held.clues.push({
    code: 'DAMAGED_FILE',
    message: `${path} is not what ${held.witness} says (bytes ${layerOffset} to ${layerOffset + size} of the layer)`,
    entry: path,
    layerOffset,
    expected: `crc64:${crc}`,
    actual: `crc64:${actual}`,
  })
}

/** Nothing more comes where the compression breaks. */
function asNothing(error: unknown): Uint8Array {
  if (!(error instanceof ArchiveError) || error.code === 'ERR_IO' || error.code === 'ERR_ABORTED') throw error
  return new Uint8Array(0)
}
