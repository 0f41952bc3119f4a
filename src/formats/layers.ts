import { decompress, sniffCompression } from '../bytes/compression.js'
import type { Digest } from '../bytes/digest.js'
import { chunksOf, type ByteSource } from '../bytes/source.js'
import type { RunContext } from '../context.js'
import { ArchiveError, HINTS } from '../errors.js'
import type { Layer, LayerClaims, LooseBlob } from '../model/image.js'
import { findFile, type Reading } from './documents.js'
import type { FoundFile } from './files.js'

/** The uncompressed bytes of a stored blob, whatever its name or media type says. Errors: ERR_COMPRESSION and the like. */
export async function* uncompressed(blob: ByteSource, context: RunContext): AsyncGenerator<Uint8Array> {
  const compression = await sniffCompression(blob, context.signal)
  const chunks = chunksOf(blob, context.signal)
  yield* decompress(compression, chunks, { limits: context.limits, location: blob.location })
}

/** A layer that lies in the archive as a blob. */
export function storedLayer(
  index: number,
  { path, source, offset, measurement }: FoundFile,
  claims: LayerClaims,
): Layer {
  return {
    index,
    state: 'stored',
    path,
    claims,
    blob: source,
    ...(offset !== undefined && { offset }),
    ...(measurement && { measurement }),
    tar: (context) => uncompressed(source, context),
  }
}

/** The layer that a document of the archive names; what stands in the way is a finding. */
export async function namedLayer(reading: Reading, index: number, path: string, claims: LayerClaims): Promise<Layer> {
  const file = await findFile(reading, path, 'LAYER_MISSING')
  return file === undefined
    ? missingLayer(index, path, claims, reading.files.location)
    : storedLayer(index, file, claims)
}

/** A layer that the archive speaks of and does not have. */
export function missingLayer(index: number, path: string, claims: LayerClaims, location: string): Layer {
  return {
    index,
    state: 'missing',
    path,
    claims,
    blob: undefined,
    tar: () =>
      failing(
        new ArchiveError('ERR_NOT_FOUND', `layer ${index} is not in the archive`, {
          location: `${location} › ${path}`,
          hint: HINTS.damaged,
        }),
      ),
  }
}

function failing(error: ArchiveError): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) }
}

/** A blob of no image, to be proved by its digest. */
export function looseBlob(
  { path, source, offset, measurement }: FoundFile,
  digest: Digest,
): Omit<LooseBlob, 'referred'> {
  return {
    path,
    digest,
    blob: source,
    ...(offset !== undefined && { offset }),
    ...(measurement && { measurement }),
  }
}

/** Hex of the sha256 that a member's name claims: `<hex>`, `<hex>.tar`, `<hex>.tar.gz`, `sha256:<hex>`, `<hex>.json`. */
export function hashInName(path: string): string | undefined {
  return /(?:^|\/)(?:sha256:)?([a-f0-9]{64})(?:\.json|\.tar(?:\.\w+)?)?$/.exec(path)?.[1]
}
