import { setImmediate } from 'node:timers/promises'
import { compress, type CompressOptions } from '../bytes/compression.js'
import { diffIDOf, hasher, type AnyHasher } from '../bytes/digest.js'
import { hasherFor } from '../bytes/hash-beside.js'
import { handOver } from '../bytes/hand-over.js'
import { readAhead } from '../bytes/read-ahead.js'
import type { RunContext } from '../context.js'
import type { Layer } from '../model/image.js'
import type { Staging } from '../model/outgoing.js'
import type { Measurement } from '../tar/measurement.js'
import { exactTar } from '../tar/split-assembly.js'
import { plainBlob } from '../tree/layer-entries.js'
import { measureBlob } from '../tree/measure.js'
import type { MeasuredLayer } from './outgoing-layers.js'

/** How to store a layer. */
export interface LayerCompression extends CompressOptions {
  readonly kind: 'none' | 'gzip' | 'zstd'
}

/** What staging depends on. */
export interface StageOptions {
  readonly compress: 'keep' | LayerCompression
  readonly staging: Staging
}

/**
 * Makes the bytes of a layer as they will be stored, and stages them: one pass in which they are measured too. Errors:
 * what the layer's tar throws, ERR_OUTPUT, ERR_UNSUPPORTED for zstd on an old Node.
 */
export async function stageLayer(layer: Layer, options: StageOptions, context: RunContext): Promise<MeasuredLayer> {
  return stageTar({ ...(await tarOf(layer, context)), subject: layer.path }, options, context)
}

/** The tar of a layer; of one that is stored plain in buffers that are used again, which spares the garbage collector. */
async function tarOf(layer: Layer, context: RunContext): Promise<Pick<StagedBytes, 'chunks' | 'size'>> {
  const { assembly, claims } = layer
  // The diffID proves what is put together: no need of the checksums of its files.
  if (assembly !== undefined) {
    return { chunks: exactTar(assembly, { ...context, checkContents: false }), size: claims.contentSize }
  }
  const plain = await plainBlob(layer, context)
  if (plain !== undefined) return { chunks: readAhead(plain, context.signal), size: plain.size }
  return { chunks: layer.tar(context), size: claims.contentSize }
}

/** Bytes to be staged, and who looks at them on the way. */
export interface StagedBytes {
  readonly chunks: AsyncIterable<Uint8Array>
  /** For messages. */
  readonly subject: string
  /** At least how many, where that is known: it decides whether another thread hashes them. */
  readonly size: number | undefined
  /** The name of each entry of the layer, for people, in order. */
  readonly onName?: (path: string) => void
}

/** Stages the stored bytes of a layer as they are. Errors: what the chunks throw, ERR_OUTPUT. */
export async function stageStored(bytes: StagedBytes, staging: Staging, context: RunContext): Promise<MeasuredLayer> {
  const second = handOver()
  using sha256 = hasherFor(bytes.size, context.concurrency)
  const measuring = measured(second.chunks, bytes, sha256, context)
  const stored = watched(bytes, second.push, context)
  const staged = await staging.stage(stored).finally(() => second.end())
  const measurement = await measuring
  return { measurement, notices: measurement.notices, content: { kind: 'staged', staged } }
}

/** `stageLayer` for the uncompressed bytes of a layer. */
export async function stageTar(
  bytes: StagedBytes,
  { compress: how, staging }: StageOptions,
  context: RunContext,
): Promise<MeasuredLayer> {
  const { kind, ...options }: LayerCompression = how === 'keep' ? { kind: 'none' } : how
  const second = handOver()
  using sha256 = hasherFor(bytes.size, context.concurrency)
  const measuring = measured(second.chunks, bytes, sha256, context)
  const hash = hasher()
  const plain = watched(bytes, second.push, context)
  const stored = kind === 'none' ? plain : hashed(compress(kind, plain, options), hash)
  const staged = await staging.stage(stored).finally(() => second.end())
  const { digest, diffSize, size, notices } = await measuring
  const diffID = diffIDOf(digest)
  return {
    measurement: {
      diffID,
      digest: kind === 'none' ? diffID : hash.digest(),
      size: staged.size,
      diffSize: kind === 'none' ? size : diffSize,
      compression: kind,
    },
    notices,
    content: { kind: 'staged', staged },
  }
}

function measured(
  chunks: AsyncIterable<Uint8Array>,
  { subject, onName }: StagedBytes,
  sha256: AnyHasher,
  { limits }: RunContext,
): Promise<Measurement> {
  const options = { limits, location: subject, layer: 'yes', sha256, ...(onName && { onName }) } as const
  const measuring = measureBlob(chunks, options)
  measuring.catch(() => undefined) // awaited by the caller, or lost with a worse error
  return measuring
}

async function* watched(
  { chunks, subject }: StagedBytes,
  push: (chunk: Uint8Array) => Promise<void>,
  context: RunContext,
): AsyncGenerator<Uint8Array> {
  let done = 0
  for await (const chunk of chunks) {
    context.signal?.throwIfAborted()
    // It is hashed on this thread while the system writes it: first the write is asked for, then the hash is taken.
    const looking = setImmediate().then(() => push(chunk))
    try {
      yield chunk
    } finally {
      await looking
    }
    done += chunk.length
    context.onProgress?.({ task: 'write', subject, done })
  }
}

async function* hashed(chunks: AsyncIterable<Uint8Array>, hash: ReturnType<typeof hasher>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    hash.update(chunk)
    yield chunk
  }
}
