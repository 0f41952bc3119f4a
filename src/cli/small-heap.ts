import { setFlagsFromString } from 'node:v8'
import type { ProgressEvent } from '../context.js'

type OnProgress = (event: ProgressEvent) => void

/**
 * Hears of progress, and asks V8 for a small heap as each task begins. What operations keep (trees, lists of what differs)
 * lives to their end, and all else dies at once: a nursery of 16 MB, and a heap that may triple before it is looked at,
 * would hold nothing but garbage.
 */
export function keepingHeapSmall(onProgress: OnProgress): OnProgress {
  let task: string | undefined
  return (event) => {
    if (event.task !== task) {
      task = event.task
      // Not once for all: V8 takes back a factor of 1 whenever a thread starts.
      setFlagsFromString('--semi-space-growth-factor=1')
      setFlagsFromString('--heap-growing-percent=12')
    }
    onProgress(event)
  }
}
