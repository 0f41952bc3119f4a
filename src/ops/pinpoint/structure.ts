import { decompress, type Compression } from '../../bytes/compression.js'
import { drain, readChunks } from '../../bytes/reader.js'
import { chunksOf } from '../../bytes/source.js'
import type { RunContext } from '../../context.js'
import { ArchiveError } from '../../errors.js'
import type { Layer } from '../../model/image.js'
import type { Measurement } from '../../tar/measurement.js'
import { displayPath } from '../../tar/path.js'
import type { Clue } from './clue.js'

/** What the structure of a damaged layer tells: the header that does not add up, the part of the compression that is broken. */
export async function cluesFromStructure(layer: Layer, measured: Measurement, context: RunContext): Promise<Clue[]> {
  const clues: Clue[] = []
  const { compression, notices } = measured
  const broken = notices.find(({ code }) => code === 'LAYER_TAR')
  if (broken?.layerOffset !== undefined) clues.push(...(await headerClue(layer, broken.layerOffset, context)))
  const packed = notices.find(({ code }) => code === 'LAYER_COMPRESSION' || code === 'LAYER_CHECKSUM')
  if (packed?.offset !== undefined && compression !== 'none') {
    const frame = await frameAt(layer, compression, packed.offset, context)
    if (frame !== undefined) clues.push(frame)
  }
  return clues
}

/** Names the entry whose header is damaged: a name can be read also where the block does not add up. */
async function headerClue(layer: Layer, offset: number, context: RunContext): Promise<Clue[]> {
  const block = await blockAt(layer, offset, context)
  const raw = block.subarray(0, 100)
  const end = raw.indexOf(0)
  const name = displayPath(end < 0 ? raw : raw.subarray(0, end))
  const isHeader = String.fromCharCode(...block.subarray(257, 261)) === 'usta' || block[262] === 0x72
  if (!isHeader || name === '' || /[\u0000-\u001f\u007f\ufffd]/.test(name)) return []
  const message = `a header is damaged, bytes ${offset} to ${offset + 511} of the layer; the name in it reads ${name}`
  return [{ code: 'DAMAGED_RANGE', message, entry: name, layerOffset: offset }]
}

async function blockAt(layer: Layer, offset: number, context: RunContext): Promise<Uint8Array> {
  const reader = readChunks(layer.tar(context))
  try {
    await drain(reader.take(offset))
    return await reader.read(512)
  } catch (error) {
    refuseOwn(error)
    return new Uint8Array(0)
  } finally {
    await reader.close()
  }
}

const FRAME_NAMES: Partial<Record<Compression, string>> = {
  gzip: 'gzip member',
  zstd: 'zstd frame',
  bzip2: 'bzip2 stream',
}

/** The gzip member, zstd frame or bzip2 stream in which the compression is damaged, on both sides. */
async function frameAt(
  { blob, path }: Layer,
  compression: Compression,
  offset: number,
  context: RunContext,
): Promise<Clue | undefined> {
  const name = FRAME_NAMES[compression]
  if (blob === undefined || name === undefined) return undefined
  const frames: { compressed: number; uncompressed: number }[] = []
  const onFrame = (compressed: number, uncompressed: number) => {
    if (compressed < offset) frames.push({ compressed, uncompressed })
  }
  const chunks = chunksOf(blob, context.signal)
  try {
    await drain(decompress(compression, chunks, { limits: context.limits, location: path, onFrame }))
  } catch (error) {
    refuseOwn(error)
  }
  const last = frames.at(-1)
  if (last === undefined) return undefined
  const { compressed, uncompressed } = last
  const message = `the damage lies in ${name} ${frames.length}, between the bytes ${compressed} and ${offset} of the blob; what comes before byte ${uncompressed} of the layer is whole`
  return { code: 'DAMAGED_RANGE', message, blobOffset: compressed, layerOffset: uncompressed }
}

function refuseOwn(error: unknown): void {
  if (!(error instanceof ArchiveError) || error.code === 'ERR_IO' || error.code === 'ERR_ABORTED') throw error
}
