import { rm } from 'node:fs/promises'

/** What was made, so that it can be taken back. */
export interface Undo {
  /** A path that did not exist before; it is removed with all below it. */
  made(path: string): void
  /** Something else to be taken back. */
  also(step: () => Promise<void>): void
  /** Takes everything back, the last first. */
  all(): Promise<void>
}

/** A list of what to take back where the work cannot be finished. */
export function undoList(): Undo {
  const steps: (() => Promise<void>)[] = []
  return {
    made: (path) => void steps.push(() => rm(path, { recursive: true, force: true })),
    also: (step) => void steps.push(step),
    async all() {
      for (let step = steps.pop(); step !== undefined; step = steps.pop()) await step().catch(() => undefined)
    },
  }
}
