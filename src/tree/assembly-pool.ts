import { count } from '../errors.js'
import { runJobs, workerUrl } from '../bytes/worker-pool.js'
import { WORTH_A_THREAD } from '../bytes/worker-threads.js'
import type { RunContext } from '../context.js'
import type { Layer } from '../model/image.js'
import type { Measurement } from '../tar/measurement.js'
import { measureAssembly, type AssemblyJob } from './measure-assembly.js'

/** Measures layers that have to be put together, each once, several side by side. Errors: ERR_IO, ERR_ABORTED. */
export async function measureAssemblies(
  layers: readonly Layer[],
  context: RunContext,
): Promise<ReadonlyMap<Layer, Measurement>> {
  const unique = [...new Set(layers)].flatMap((layer) => {
    const { assembly, claims } = layer
    return assembly === undefined ? [] : [{ layer, assembly, diffID: claims.diffID, size: claims.contentSize ?? 0 }]
  })
  const measured = new Map<Layer, Measurement>()
  const total = unique.reduce((sum, { size }) => sum + size, 0)
  let done = 0
  const onBytes = (bytes: number) => {
    done += bytes
    context.onProgress?.({
      task: 'assemble',
      subject: count(unique.length, 'layer'),
      done,
      total: Math.max(total, done),
    })
  }
  // Largest first, so that no thread is left alone with it at the end.
  const sorted = unique.sort((a, b) => b.size - a.size)
  // The index of a packed data-root is too large to be handed to threads.
  const isFar = context.concurrency > 1 && total > WORTH_A_THREAD
  const far = isFar ? sorted.filter(({ assembly }) => assembly.files.kind === 'directory') : []
  const jobOf = ({ assembly, diffID }: (typeof unique)[number]): AssemblyJob => {
    return { assembly, diffID, limits: context.limits }
  }
  for (const item of sorted) {
    if (!far.includes(item)) measured.set(item.layer, await measureAssembly(jobOf(item), onBytes, context.signal))
  }
  await runJobs<Measurement>(workerUrl(import.meta.url, './assembly-worker.js'), far.map(jobOf), {
    concurrency: context.concurrency,
    signal: context.signal,
    onProgress: (_, bytes) => onBytes(bytes),
    onDone(index, measurement) {
      const item = far[index]
      if (item !== undefined) measured.set(item.layer, measurement)
    },
  })
  return measured
}
