import { algorithmOf } from '../bytes/digest.js'
import type { ByteSource } from '../bytes/source.js'
import type { Threads } from '../bytes/worker-threads.js'
import type { RunContext } from '../context.js'
import type { ImageArchive, Layer, LooseBlob } from '../model/image.js'
import { roleOf } from '../model/media-types.js'
import type { Measurement } from '../tar/measurement.js'
import type { StackedTree } from '../tar/split-stack.js'
import { measureAssemblies } from '../tree/assembly-pool.js'
import { measureBlob } from '../tree/measure.js'
import { measureBlobs, type BlobToMeasure } from '../tree/measure-pool.js'

/** What was computed of the blobs of an archive; undefined where there was nothing to compute it from. */
export interface Measurements {
  of(blob: Layer | LooseBlob): Measurement | undefined
}

/** Nothing measured but what was on the way in. */
export const UNMEASURED: Measurements = { of: (blob) => blob.measurement }

/**
 * Reads every layer and loose blob of an archive once, on all threads the context allows, and computes digests, diffIDs
 * and what stands in the tars; on `threads` of `startMeasuring` where they are given. Errors: ERR_IO, ERR_TRUNCATED where
 * a file changes meanwhile, ERR_ABORTED.
 */
export async function measure(archive: ImageArchive, context: RunContext, threads?: Threads): Promise<Measurements> {
  return measureLayers(
    archive.images.flatMap((image) => image.layers),
    archive.loose,
    context,
    { threads },
  )
}

/** What else may be said to `measureLayers`. */
export interface MeasureLayers {
  readonly threads?: Threads | undefined
  /** Where layers were unpacked to, to be held against them in the same pass. */
  readonly trees?: ReadonlyMap<Layer, StackedTree>
}

/** `measure` for some layers and loose blobs. */
export async function measureLayers(
  layers: readonly Layer[],
  loose: readonly LooseBlob[],
  context: RunContext,
  { threads, trees }: MeasureLayers = {},
): Promise<Measurements> {
  // By blob: any number of layers may have the same.
  const stored = new Map<ByteSource, BlobToMeasure>()
  for (const layer of layers) {
    if (layer.blob !== undefined && layer.measurement === undefined) {
      stored.set(layer.blob, layerToMeasure(layer, layer.blob, trees?.get(layer)))
    }
  }
  for (const one of loose) if (one.measurement === undefined) stored.set(one.blob, looseToMeasure(one))
  const measured = await measureBlobs([...stored.values()], context, threads)
  const split = layers.filter(({ assembly, measurement }) => assembly !== undefined && measurement === undefined)
  const assembled = new Map(await measureAssemblies(split, context))
  for (const layer of layers) {
    if (layer.state !== 'assembled' || layer.blob !== undefined || assembled.has(layer)) continue
    assembled.set(
      layer,
      await measureBlob(layer.tar(context), { limits: context.limits, location: layer.path, layer: 'yes' }),
    )
  }
  return {
    of(blob) {
      if (blob.measurement !== undefined) return blob.measurement
      const found = blob.blob === undefined ? undefined : measured.get(blob.blob)
      return found ?? ('state' in blob ? assembled.get(blob) : undefined)
    },
  }
}

function layerToMeasure({ claims }: Layer, blob: ByteSource, tree: StackedTree | undefined): BlobToMeasure {
  const role = claims.mediaType === undefined ? 'layer' : roleOf(claims.mediaType)
  const layer = role === 'layer' || role === 'foreign-layer' ? 'yes' : 'sniff'
  return { blob, layer, ...algorithmsFor(claims.digest), ...(tree && { tree }) }
}

function looseToMeasure({ blob, digest }: LooseBlob): BlobToMeasure {
  return { blob, layer: 'no', ...algorithmsFor(digest) }
}

function algorithmsFor(digest: string | undefined): Pick<BlobToMeasure, 'algorithms'> {
  return digest !== undefined && algorithmOf(digest) === 'sha512' ? { algorithms: ['sha512'] } : {}
}
