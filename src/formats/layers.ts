import { decompress, sniffCompression } from '../bytes/compression.js'
import { chunksOf, type ByteSource } from '../bytes/source.js'
import type { RunContext } from '../context.js'
import { ArchiveError } from '../errors.js'
import type { Layer, LayerClaims } from '../model/image.js'
import type { FoundFile } from './files.js'

/** The uncompressed bytes of a stored blob, whatever its name or media type says. Errors: ERR_COMPRESSION and the like. */
export async function* uncompressed(blob: ByteSource, context: RunContext): AsyncGenerator<Uint8Array> {
  const compression = await sniffCompression(blob, context.signal)
  const chunks = chunksOf(blob, context.signal)
  yield* decompress(compression, chunks, { limits: context.limits, location: blob.location })
}

/** A layer that lies in the archive as a blob. */
export function storedLayer(index: number, file: FoundFile, claims: LayerClaims): Layer {
  return {
    index,
    state: 'stored',
    path: file.path,
    claims,
    blob: file.source,
    ...(file.offset !== undefined && { offset: file.offset }),
    ...(file.measurement && { measurement: file.measurement }),
    tar: (context) => uncompressed(file.source, context),
  }
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
        }),
      ),
  }
}

function failing(error: ArchiveError): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) }
}

/** Hex of the sha256 that a member's name claims: `<hex>`, `<hex>.tar`, `<hex>.tar.gz`, `sha256:<hex>`, `<hex>.json`. */
export function hashInName(path: string): string | undefined {
  return /(?:^|\/)(?:sha256:)?([a-f0-9]{64})(?:\.json|\.tar(?:\.\w+)?)?$/.exec(path)?.[1]
}
