import { count } from '../errors.js'
import { counted } from '../bytes/reader.js'
import { readAhead } from '../bytes/read-ahead.js'
import type { ByteSource } from '../bytes/source.js'
import { runJobs, workerUrl } from '../bytes/worker-pool.js'
import type { RunContext } from '../context.js'
import type { Layer } from '../model/image.js'
import { readContents, readHeadersAlone, type ContentsOptions, type ContentsSummary } from './contents.js'
import { entriesOfParts, takeEntries, type ContentsHandlers, type ContentsPart } from './contents-takers.js'
import type { PlainMember } from '../tar/plain-header.js'
import { plainBlob } from './layer-entries.js'
import { entryOfPlain } from './plain-members.js'
import { comparedWith } from './same-bytes.js'

/** A layer to read. */
export interface LayerToRead {
  readonly layer: Layer
  /** A blob that may hold the same bytes: compared on the way, so that it need not be read as a layer of its own. */
  readonly twin?: ByteSource
  /** Whether the twin is taken to be the same unread: then only headers are read, and files are not hashed. */
  readonly isTrusted?: boolean
  /** Whether its files are hashed. */
  readonly hashes: boolean
  /** Whether `onEntry` is told how headers are written. */
  readonly spelling?: boolean
  readonly handlers: ContentsHandlers
}

/** What was read of a layer. */
export interface LayerRead extends ContentsSummary {
  /** Whether the twin holds the same bytes. */
  readonly twinIsSame: boolean
}

/** What a reading worker is told. */
export interface ContentsJob {
  readonly place: NonNullable<ByteSource['place']>
  readonly twin?: NonNullable<ByteSource['place']>
  readonly size: number
  readonly options: ContentsOptions
  /** How many parts were taken: one 32-bit integer. */
  readonly taken: SharedArrayBuffer
}

/** What it answers. */
export type ContentsDone = Omit<LayerRead, 'twinIsSame'> & { readonly differs: boolean }

// A thread takes 50 ms to start and to compile what it runs: so long one alone takes for this much, or for a fifth of it
// where it is compressed.
const WORTH_WORKERS = 64 * 1024 * 1024
const COMPRESSED = 5

/**
 * Reads layers, each once, on as many threads as the context allows, largest first; answers in the order given. Layers
 * that are missing must not be among them. Where only headers are wanted and can be hopped between, they are read here:
 * as records for another thread they would be decoded twice. Errors: ERR_IO and ERR_TRUNCATED where a file changes
 * meanwhile, ERR_ABORTED, and what `onEntry` throws.
 */
export async function readLayers(items: readonly LayerToRead[], context: RunContext): Promise<readonly LayerRead[]> {
  const read = new Map<LayerToRead, LayerRead>()
  const total = items.reduce((sum, { layer }) => sum + (layer.blob?.size ?? 0), 0)
  const progress = progressOf(count(items.length, 'layer'), total, context)
  const { headers, near, far } = await sharedOut(items, context)
  await together(context, [
    (inner) => readFar(far, inner, read, progress),
    async (inner) => {
      for (const [item, blob] of headers) read.set(item, await readHeaders(item, blob, inner, progress))
      for (const item of near) read.set(item, await readNear(item, inner, progress))
    },
  ])
  return items.flatMap((item) => read.get(item) ?? [])
}

interface SharedOut {
  readonly headers: ReadonlyMap<LayerToRead, ByteSource>
  readonly near: readonly LayerToRead[]
  readonly far: readonly LayerToRead[]
}

async function sharedOut(items: readonly LayerToRead[], context: RunContext): Promise<SharedOut> {
  const headers = new Map<LayerToRead, ByteSource>()
  const whole: LayerToRead[] = []
  let work = 0
  for (const item of items) {
    const plain = await plainBlob(item.layer, context)
    if (plain !== undefined && item.isTrusted === true) headers.set(item, plain)
    else {
      whole.push(item)
      work += (item.layer.blob?.size ?? 0) * (plain === undefined ? COMPRESSED : 1)
    }
  }
  const onThreads = context.concurrency > 1 && work > WORTH_WORKERS
  const isFar = (item: LayerToRead) => onThreads && canGoFar(item)
  return { headers, near: whole.filter((item) => !isFar(item)), far: whole.filter(isFar) }
}

/** Does several things side by side; the first that fails stops the others, which have ended when this rejects. */
async function together(context: RunContext, work: readonly ((inner: RunContext) => Promise<void>)[]): Promise<void> {
  const stop = new AbortController()
  const signal = AbortSignal.any([stop.signal, ...(context.signal ? [context.signal] : [])])
  const all = work.map((one) => one({ ...context, signal }))
  try {
    await Promise.all(all)
  } catch (error) {
    stop.abort()
    await Promise.allSettled(all)
    throw error
  }
}

function canGoFar({ layer, twin }: LayerToRead): boolean {
  return layer.state === 'stored' && layer.blob?.place !== undefined && (twin === undefined || twin.place !== undefined)
}

async function readHeaders(
  { twin, handlers }: LayerToRead,
  blob: ByteSource,
  context: RunContext,
  progress: (bytes: number) => void,
): Promise<LayerRead> {
  const { onEntry, plain } = handlers
  const onPlain = (member: PlainMember) => {
    if (plain === undefined) onEntry(entryOfPlain(member), undefined)
    else plain.onMember(member)
  }
  const summary = await readHeadersAlone(blob, { onEntry: (entry) => onEntry(entry, undefined), onPlain }, context)
  progress(blob.size)
  return { ...summary, twinIsSame: twin !== undefined }
}

async function readNear(
  { layer, twin, isTrusted = false, hashes, spelling = false, handlers }: LayerToRead,
  context: RunContext,
  progress: (bytes: number) => void,
): Promise<LayerRead> {
  const { limits, signal } = context
  const same = isTrusted || isSameFile(layer.blob, twin)
  let differs = false
  const stored =
    layer.state === 'stored' && layer.blob !== undefined ? readAhead(layer.blob, signal) : layer.tar(context)
  const own = counted(stored, progress)
  const chunks = twin === undefined || same ? own : comparedWith(own, readAhead(twin, signal), () => (differs = true))
  const options = { limits, location: layer.path, diffID: twin === undefined, hashes, spelling }
  const summary = await readContents(chunks, options, takeEntries(handlers))
  return { ...summary, twinIsSame: twin !== undefined && !differs }
}

async function readFar(
  items: readonly LayerToRead[],
  context: RunContext,
  read: Map<LayerToRead, LayerRead>,
  progress: (bytes: number) => void,
): Promise<void> {
  const sorted = [...items].sort((a, b) => (b.layer.blob?.size ?? 0) - (a.layer.blob?.size ?? 0))
  const takers = sorted.map(({ handlers }) => entriesOfParts(handlers))
  const jobs = sorted.flatMap((item) => jobOf(item, context))
  const onPart = (index: number, part: ContentsPart) => {
    takers[index]?.(part)
    const taken = new Int32Array(jobs[index]?.taken ?? new SharedArrayBuffer(4))
    Atomics.add(taken, 0, 1)
    Atomics.notify(taken, 0)
  }
  await runJobs<ContentsDone, ContentsPart>(workerUrl(import.meta.url, './contents-worker.js'), jobs, {
    concurrency: context.concurrency,
    signal: context.signal,
    onProgress: (_, bytes) => progress(bytes),
    onPart,
    onDone(index, { differs, ...summary }) {
      const item = sorted[index]
      if (item !== undefined) read.set(item, { ...summary, twinIsSame: item.twin !== undefined && !differs })
    },
  })
}

function jobOf(
  { layer, twin, isTrusted = false, hashes, spelling = false }: LayerToRead,
  { limits }: RunContext,
): readonly ContentsJob[] {
  const { blob, path } = layer
  if (blob?.place === undefined) return []
  const { place, size } = blob
  const options = { limits, location: path, diffID: twin === undefined, hashes, spelling }
  const isUnread = isTrusted || isSameFile(blob, twin)
  const compared = twin?.place === undefined || isUnread ? {} : { twin: twin.place }
  return [{ place, size, options, taken: new SharedArrayBuffer(4), ...compared }]
}

/** Whether both are the same bytes of the same file. */
export function isSameFile(one: ByteSource | undefined, other: ByteSource | undefined): boolean {
  if (one?.place === undefined || other?.place === undefined) return one !== undefined && one === other
  return one.place.file === other.place.file && one.place.offset === other.place.offset && one.size === other.size
}

function progressOf(subject: string, total: number, context: RunContext): (bytes: number) => void {
  let done = 0
  return (bytes) => {
    done += bytes
    context.onProgress?.({ task: 'read', subject, done, total })
  }
}
