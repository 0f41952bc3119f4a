import { count } from '../errors.js'
import type { DiffID } from '../bytes/digest.js'
import { WORTH_A_THREAD } from '../bytes/worker-threads.js'
import type { RunContext } from '../context.js'
import type { Layer } from '../model/image.js'
import type { Reserved, Staging } from '../model/outgoing.js'
import type { SplitAssembly } from '../tar/split-assembly.js'
import type { WriteJob } from '../tree/write-assembly.js'
import { assembledSizes, startWriting, writeAssemblies } from '../tree/write-pool.js'
import type { MeasuredLayer } from './outgoing-layers.js'

interface Wanted {
  readonly assembly: SplitAssembly
  readonly diffID: DiffID
  readonly size: number
}

/**
 * Puts the layers of a data-root together right where they belong in the output, several side by side; their diffIDs prove
 * them. Gives those that were made so, by the diffID that they claim: none where the output takes only bytes in order, or
 * threads are not worth it. Errors: those of writeAssembly, ERR_ABORTED.
 */
export async function placeLayers(
  layers: readonly Layer[],
  { reserve }: Staging,
  context: RunContext,
): Promise<ReadonlyMap<DiffID, MeasuredLayer>> {
  const wanted = [...new Map(layers.flatMap(wantedOf).map((one) => [one.diffID, one])).values()]
  const total = wanted.reduce((sum, { size }) => sum + size, 0)
  if (reserve === undefined || context.concurrency < 2 || total < WORTH_A_THREAD) return new Map()
  await using threads = startWriting(Math.min(context.concurrency, wanted.length))
  const sizes = await assembledSizes(
    wanted.map(({ assembly }) => assembly),
    threads,
    context,
  )
  const places: (Wanted & { readonly reserved: Reserved })[] = []
  for (const [index, one] of wanted.entries()) {
    const size = sizes[index] ?? 0
    places.push({ ...one, size, reserved: await reserve(size) })
  }
  // The largest first, so that no thread is left alone with it at the end.
  places.sort((a, b) => b.size - a.size)
  const jobs = places.map(({ assembly, size, reserved: { room } }): WriteJob => {
    const { file, offset } = room
    return { assembly, limits: context.limits, place: { file, offset, size }, want: 'tar' }
  })
  const placed = new Map<DiffID, MeasuredLayer>()
  let done = 0
  await writeAssemblies(jobs, threads, context, {
    onBytes(index, bytes) {
      done += bytes
      places[index]?.reserved.room.written(bytes)
      context.onProgress?.({ task: 'write', subject: count(jobs.length, 'layer'), done, total: Math.max(total, done) })
    },
    onDone(index, diffID) {
      const place = places[index]
      if (place === undefined) return
      const { size, reserved } = place
      const measurement = { digest: diffID, diffID, size, diffSize: size, compression: 'none' } as const
      placed.set(place.diffID, { measurement, content: { kind: 'staged', staged: reserved.staged } })
    },
  })
  return placed
}

/** The index of a packed data-root is too large to be handed to threads; without a diffID nothing proves a layer. */
function wantedOf({ assembly, claims: { diffID, contentSize = 0 } }: Layer): readonly Wanted[] {
  if (assembly?.files.kind !== 'directory' || diffID === undefined) return []
  return [{ assembly, diffID, size: contentSize }]
}
