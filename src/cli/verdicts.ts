import { stat } from 'node:fs/promises'
import { runJobs } from '../bytes/worker-pool.js'
import { workerUrl, WORTH_A_THREAD } from '../bytes/worker-threads.js'
import type { Limits, RunContext } from '../context.js'
import type { GivenBytes } from '../formats/stored.js'
import type { Tell } from './tell.js'
import { verdictOn, type Verdict, type VerdictSettings } from './verdict.js'

/** What a verifying worker is told. */
export interface VerdictJob {
  readonly operand: string
  readonly settings: VerdictSettings
  readonly limits: Limits
  readonly concurrency: number
  readonly strictTar: boolean
}

/** Where verdicts come from, and who hears of each. */
export interface VerdictRun {
  readonly settings: VerdictSettings
  readonly context: RunContext
  readonly tell: Tell
  /** What comes in the place of the only operand's bytes. */
  readonly given?: GivenBytes | undefined
}

/** The operands, with the archives below a directory in its place; one that holds none is a root filesystem itself. */
export async function archivesBelow(operands: readonly string[], context: RunContext): Promise<readonly string[]> {
  const { findArchives } = await import('../formats/find-archives.js')
  const found = await Promise.all(operands.map((operand) => findArchives(operand, context)))
  return operands.flatMap((operand, index) => {
    const below = found[index] ?? []
    return below.length === 0 ? [operand] : below
  })
}

/**
 * Proves archives, each on its own, and tells each verdict as soon as it stands. Many files are shared out over threads,
 * one archive a thread; an archive larger than all others together has all threads for itself. In the order of the
 * operands. Errors: ERR_ABORTED.
 */
export async function verdictsOn(operands: readonly string[], run: VerdictRun): Promise<readonly Verdict[]> {
  const shared = new Set(await sharedOut(operands, run.context))
  const verdicts = new Map<number, Verdict>()
  for (const [index, operand] of operands.entries()) {
    if (shared.has(index)) continue
    const verdict = await verdictOn({ operand, given: run.given }, run.settings, run.context)
    verdicts.set(index, verdict)
    await run.tell(verdict)
  }
  await onThreads([...shared], operands, run, verdicts)
  return operands.flatMap((_, index) => verdicts.get(index) ?? [])
}

/** Places of the operands that are worth a thread of their own, the largest file first. */
async function sharedOut(operands: readonly string[], { concurrency }: RunContext): Promise<readonly number[]> {
  if (concurrency < 2 || operands.length < 2) return []
  const sizes = await Promise.all(operands.map(sizeOfFile))
  const total = sizes.reduce((sum, size) => sum + size, 0)
  if (total <= WORTH_A_THREAD) return []
  const small = [...sizes.keys()].filter((index) => sizeAt(sizes, index) > 0 && sizeAt(sizes, index) <= total / 2)
  return small.length < 2 ? [] : small.sort((a, b) => sizeAt(sizes, b) - sizeAt(sizes, a))
}

function sizeAt(sizes: readonly number[], index: number): number {
  return sizes[index] ?? 0
}

/** 0 for all that is no file: a pipe stays on this thread, a missing file needs none. */
async function sizeOfFile(operand: string): Promise<number> {
  const { parseOperand } = await import('../formats/operand.js')
  const path = await parseOperand(operand).then(
    (parsed) => parsed.path,
    () => '-',
  )
  const status = path === '-' ? undefined : await stat(path).catch(() => undefined)
  return status?.isFile() === true ? status.size : 0
}

async function onThreads(
  shared: readonly number[],
  operands: readonly string[],
  { settings, context, tell }: VerdictRun,
  verdicts: Map<number, Verdict>,
): Promise<void> {
  const concurrency = Math.max(1, Math.floor(context.concurrency / Math.max(1, shared.length)))
  const jobs = shared.map((index): VerdictJob => ({
    operand: operands[index] ?? '',
    settings,
    limits: context.limits,
    concurrency,
    strictTar: context.strictTar ?? false,
  }))
  let told = Promise.resolve()
  await runJobs<Verdict>(workerUrl(import.meta.url, './verdict-worker.js'), jobs, {
    concurrency: context.concurrency,
    signal: context.signal,
    onDone(job, verdict) {
      verdicts.set(shared[job] ?? -1, verdict)
      const done = { done: verdicts.size, total: operands.length, unit: 'archive' }
      context.onProgress?.({ task: 'verify', subject: 'archives', ...done })
      told = told.then(() => tell(verdict))
    },
  })
  await told
}
