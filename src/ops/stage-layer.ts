import { setImmediate } from 'node:timers/promises'
import { compress, type CompressOptions } from '../bytes/compression.js'
import { diffIDOf, hasher } from '../bytes/digest.js'
import { handOver } from '../bytes/hand-over.js'
import { readAhead } from '../bytes/read-ahead.js'
import type { RunContext } from '../context.js'
import type { Layer } from '../model/image.js'
import type { Staging } from '../model/outgoing.js'
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
  // The diffID proves what is put together: no need of the checksums of its files.
  const { assembly, path } = layer
  const chunks =
    assembly === undefined ? await tarOf(layer, context) : exactTar(assembly, { ...context, checkContents: false })
  return stageTar({ chunks, subject: path }, options, context)
}

/** The tar of a layer; of one that is stored plain in buffers that are used again, which spares the garbage collector. */
async function tarOf(layer: Layer, context: RunContext): Promise<AsyncIterable<Uint8Array>> {
  const plain = await plainBlob(layer, context)
  return plain === undefined ? layer.tar(context) : readAhead(plain, context.signal)
}

/** Bytes to be staged, and who looks at them on the way. */
export interface StagedBytes {
  readonly chunks: AsyncIterable<Uint8Array>
  /** For messages. */
  readonly subject: string
  /** The name of each entry of the layer, for people, in order. */
  readonly onName?: (path: string) => void
}

/** Stages the stored bytes of a layer as they are. Errors: what the chunks throw, ERR_OUTPUT. */
export async function stageStored(
  { chunks, subject, onName }: StagedBytes,
  staging: Staging,
  context: RunContext,
): Promise<MeasuredLayer> {
  const second = handOver()
  const { limits } = context
  const measuring = measureBlob(second.chunks, { limits, location: subject, layer: 'yes', ...(onName && { onName }) })
  measuring.catch(() => undefined)
  const stored = watched(chunks, second.push, subject, context)
  const staged = await staging.stage(stored).finally(() => second.end())
  const measurement = await measuring
  return { measurement, notices: measurement.notices, content: { kind: 'staged', staged } }
}

/** `stageLayer` for the uncompressed bytes of a layer. */
export async function stageTar(
  { chunks: tar, subject, onName }: StagedBytes,
  { compress: how, staging }: StageOptions,
  context: RunContext,
): Promise<MeasuredLayer> {
  const { kind, ...options }: LayerCompression = how === 'keep' ? { kind: 'none' } : how
  const second = handOver()
  const { limits } = context
  const measuring = measureBlob(second.chunks, { limits, location: subject, layer: 'yes', ...(onName && { onName }) })
  // It is awaited below, or lost with a worse error.
  measuring.catch(() => undefined)
  const hash = hasher()
  const plain = watched(tar, second.push, subject, context)
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

async function* watched(
  chunks: AsyncIterable<Uint8Array>,
  push: (chunk: Uint8Array) => Promise<void>,
  subject: string,
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
