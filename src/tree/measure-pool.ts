import { count, refuseAborted } from '../errors.js'
import { runJobs } from '../bytes/worker-pool.js'
import { WORTH_A_THREAD, type Threads } from '../bytes/worker-threads.js'
import { counted } from '../bytes/reader.js'
import { chunksOf, type ByteSource } from '../bytes/source.js'
import type { DigestAlgorithm } from '../bytes/digest.js'
import type { RunContext } from '../context.js'
import type { Measurement } from '../tar/measurement.js'
import type { StackedTree } from '../tar/split-stack.js'
import type { MeasureOptions } from './measure.js'
import { MEASURE_WORKER } from './measure-threads.js'
import { measureUnpacked } from './measure-unpacked.js'

/** A blob to measure. */
export interface BlobToMeasure {
  readonly blob: ByteSource
  readonly layer: MeasureOptions['layer']
  readonly algorithms?: readonly DigestAlgorithm[]
  /** Where it was unpacked to, to be held against it. */
  readonly tree?: StackedTree
}

/** What a measuring worker is told. */
export interface MeasureJob {
  readonly place: NonNullable<ByteSource['place']>
  readonly size: number
  readonly options: Omit<MeasureOptions, 'onName' | 'onContent'>
  readonly tree: StackedTree | undefined
}

/**
 * Measures blobs, each once however often it is given, on as many threads as the context allows, largest first; on
 * `threads` of `startMeasuring` where they are given, which end then.
 * Errors: ERR_TRUNCATED and ERR_IO where a file changes under our hands, ERR_ABORTED.
 */
export async function measureBlobs(
  blobs: readonly BlobToMeasure[],
  context: RunContext,
  threads?: Threads,
): Promise<ReadonlyMap<ByteSource, Measurement>> {
  const unique = [...new Map(blobs.map((item) => [item.blob, item])).values()]
  const measured = new Map<ByteSource, Measurement>()
  const progress = progressOf(unique, context)
  const total = unique.reduce((sum, { blob }) => sum + blob.size, 0)
  // One thread too is worth it: it reads synchronously, which this one must not, lest it be deaf to signals.
  const onThreads = total > WORTH_A_THREAD
  const far = onThreads ? unique.filter(({ blob }) => blob.place !== undefined) : []
  const near = onThreads ? unique.filter(({ blob }) => blob.place === undefined) : unique
  for (const item of near) {
    refuseAborted(context.signal)
    const chunks = counted(chunksOf(item.blob, context.signal), progress)
    measured.set(item.blob, await measureUnpacked(chunks, optionsOf(item, context), item.tree))
  }
  await measureFar(far, { context, threads }, measured, progress)
  return measured
}

async function measureFar(
  items: readonly BlobToMeasure[],
  { context, threads }: { readonly context: RunContext; readonly threads: Threads | undefined },
  measured: Map<ByteSource, Measurement>,
  progress: (bytes: number) => void,
): Promise<void> {
  const sorted = [...items].sort((a, b) => b.blob.size - a.blob.size)
  const jobs = sorted.flatMap((item): MeasureJob[] => {
    const { place, size } = item.blob
    return place === undefined ? [] : [{ place, size, options: optionsOf(item, context), tree: item.tree }]
  })
  await runJobs<Measurement>(MEASURE_WORKER, jobs, {
    concurrency: context.concurrency,
    signal: context.signal,
    threads,
    onProgress: (_, bytes) => progress(bytes),
    onDone(index, measurement) {
      const item = sorted[index]
      if (item !== undefined) measured.set(item.blob, measurement)
    },
  })
}

function optionsOf({ blob, layer, algorithms }: BlobToMeasure, context: RunContext): MeasureJob['options'] {
  const { limits, strictTar = false } = context
  return { limits, location: blob.location, layer, strictTar, ...(algorithms && { algorithms }) }
}

function progressOf(blobs: readonly BlobToMeasure[], context: RunContext): (bytes: number) => void {
  const total = blobs.reduce((sum, { blob }) => sum + blob.size, 0)
  let done = 0
  return (bytes) => {
    done += bytes
    context.onProgress?.({ task: 'measure', subject: count(blobs.length, 'blob'), done, total })
  }
}
