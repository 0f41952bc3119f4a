import { setFlagsFromString } from 'node:v8'
import type { ProgressEvent } from '../context.js'

type OnProgress = (event: ProgressEvent) => void

// Milliseconds: a nursery doubles but once in so long.
const AGAIN_AFTER = 20

/**
 * Asks V8 for a small heap, at once and again as each task begins and goes on, and passes progress on. What operations
 * keep (trees, lists of what differs) lives to their end, and all else dies at once: a nursery of 16 MB, and a heap that
 * may triple before it is looked at, would hold nothing but garbage.
 */
export function keepingHeapSmall(onProgress: OnProgress): OnProgress {
  askForSmallHeap()
  let task: string | undefined
  let asked = performance.now()
  return (event) => {
    // V8 takes back a factor of 1 whenever a thread starts, which may be in the middle of a task.
    const now = performance.now()
    if (event.task !== task || now - asked > AGAIN_AFTER) {
      askForSmallHeap()
      asked = now
    }
    task = event.task
    onProgress(event)
  }
}

/** Asks V8 for it, for this thread and until another one starts. */
export function askForSmallHeap(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=12')
}
