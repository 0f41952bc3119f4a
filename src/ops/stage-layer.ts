import { setImmediate } from 'node:timers/promises'
import { refuseAborted } from '../errors.js'
import { compress, type CompressOptions } from '../bytes/compression.js'
import { blocksOf, type Blocks } from '../bytes/blocks.js'
import { diffIDOf, hasher, type AnyHasher } from '../bytes/digest.js'
import { hasherFor } from '../bytes/hash-beside.js'
import { handOver } from '../bytes/hand-over.js'
import { inChunks } from '../bytes/read-ahead.js'
import { isSource, type Bytes, type ByteSource } from '../bytes/source.js'
import type { RunContext } from '../context.js'
import type { Layer } from '../model/image.js'
import type { Staged, Staging } from '../model/outgoing.js'
import type { Measurement } from '../tar/measurement.js'
import { exactTar } from '../tar/split-assembly.js'
import { plainBlob } from '../tree/layer-entries.js'
import { measureBlob } from '../tree/measure.js'
import type { OnName } from '../tree/lint.js'
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
  const isOwn = layer.isOwn === true
  return stageTar({ ...(await tarOf(layer, context)), subject: layer.path, isOwn }, options, context)
}

/** The tar of a layer; of one that is stored plain as it lies there. */
async function tarOf(layer: Layer, context: RunContext): Promise<Pick<StagedBytes, 'bytes' | 'size'>> {
  const { assembly, claims } = layer
  // The diffID proves what is put together: no need of the checksums of its files.
  if (assembly !== undefined) {
    return { bytes: exactTar(assembly, { ...context, checkContents: false }), size: claims.contentSize }
  }
  const plain = await plainBlob(layer, context)
  return plain === undefined ? { bytes: layer.tar(context), size: claims.contentSize } : { bytes: plain }
}

/** Bytes to be staged, and who looks at them on the way. */
export interface StagedBytes {
  readonly bytes: Bytes
  /** For messages. */
  readonly subject: string
  /** Of chunks: at least how many bytes, where that is known. It decides whether another thread hashes them. */
  readonly size?: number | undefined
  /** A tar that this library makes: it is hashed, and its entries are not looked at. */
  readonly isOwn?: boolean
  /** Hears of each entry of the layer that is no directory, in order. */
  readonly onName?: OnName
}

/** Stages the stored bytes of a layer as they are. Errors: what reading them throws, ERR_OUTPUT. */
export async function stageStored(bytes: StagedBytes, staging: Staging, context: RunContext): Promise<MeasuredLayer> {
  const { staged, measurement } = await passed(bytes, { staging }, context)
  return { measurement, notices: measurement.notices, content: { kind: 'staged', staged } }
}

/** `stageLayer` for the uncompressed bytes of a layer. */
export async function stageTar(
  bytes: StagedBytes,
  { compress: how, staging }: StageOptions,
  context: RunContext,
): Promise<MeasuredLayer> {
  const { kind, ...options }: LayerCompression = how === 'keep' ? { kind: 'none' } : how
  const hash = hasher()
  const packing = kind !== 'none' && {
    pack: (chunks: AsyncIterable<Uint8Array>) => hashed(compress(kind, chunks, options), hash),
  }
  const { staged, measurement } = await passed(bytes, { staging, ...packing }, context)
  const { digest, diffSize, size, notices } = measurement
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

interface Passing {
  readonly staging: Staging
  /** What is staged instead of the bytes. */
  readonly pack?: (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>
}

interface Passed {
  readonly staged: Staged
  readonly measurement: Measurement
}

/** Stages the bytes and measures them, in one pass. */
async function passed(given: StagedBytes, { staging, pack }: Passing, context: RunContext): Promise<Passed> {
  const { bytes } = given
  using sha256 = hasherFor(isSource(bytes) ? bytes.size : given.size, context.concurrency)
  const second = handOver()
  let staged: Promise<Staged>
  let measuring: Promise<Measurement>
  if (isSource(bytes) && pack === undefined) {
    const fed = { update: () => undefined, digest: () => sha256.digest() }
    measuring = measured(second.chunks, given, fed, context)
    staged = staging.stageBlocks(lookedAt(bytes, given, { sha256, push: second.push }, context))
  } else {
    measuring = measured(second.chunks, given, sha256, context)
    const chunks = watched(inChunks(bytes, context.signal), given, second.push, context)
    staged = staging.stage(pack === undefined ? chunks : pack(chunks))
  }
  return { staged: await staged.finally(() => second.end()), measurement: await measuring }
}

interface Lookers {
  readonly sha256: AnyHasher
  readonly push: (chunk: Uint8Array) => Promise<void>
}

/** Bytes that are read by others where they lie, and written from there. */
function lookedAt(
  source: ByteSource,
  { subject }: StagedBytes,
  { sha256, push }: Lookers,
  context: RunContext,
): Blocks {
  let done = 0
  let pushed = Promise.resolve()
  return {
    ...blocksOf(source, context.signal),
    async look(part) {
      const hashing = sha256.update(part)
      pushed = pushed.then(() => push(part))
      await Promise.all([hashing, pushed])
      done += part.length
      context.onProgress?.({ task: 'write', subject, done })
    },
  }
}

function measured(
  chunks: AsyncIterable<Uint8Array>,
  { subject, onName, isOwn = false }: StagedBytes,
  sha256: AnyHasher,
  { limits }: RunContext,
): Promise<Measurement> {
  const layer = isOwn ? 'no' : 'yes'
  const options = { limits, location: subject, layer, sha256, ...(onName && { onName }) } as const
  const measuring = measureBlob(chunks, options)
  measuring.catch(() => undefined) // awaited by the caller, or lost with a worse error
  return measuring
}

async function* watched(
  chunks: AsyncIterable<Uint8Array>,
  { subject }: StagedBytes,
  push: (chunk: Uint8Array) => Promise<void>,
  context: RunContext,
): AsyncGenerator<Uint8Array> {
  let done = 0
  for await (const chunk of chunks) {
    refuseAborted(context.signal)
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
