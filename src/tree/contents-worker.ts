import { fileChunks } from '../bytes/file-chunks.js'
import { serveJobs } from '../bytes/worker.js'
import type { ContentsDone, ContentsJob } from './contents-pool.js'
import { readContents } from './contents.js'
import { takeParts, type ContentsPart } from './contents-takers.js'
import { comparedWith } from './same-bytes.js'

serveJobs(async (input, onBytes, onPart): Promise<ContentsDone> => {
  const job = input as ContentsJob // contents-pool.ts posts nothing else
  const { place, twin, size, options, taken } = job
  const wait = waiter(taken)
  const post = (part: ContentsPart) => {
    onPart(part, [part.entries.buffer, part.hashes.buffer])
    wait()
  }
  let differs = false
  const own = fileChunks(place, size, onBytes)
  const chunks =
    twin === undefined
      ? own
      : comparedWith(
          own,
          fileChunks(twin, size, () => undefined),
          () => (differs = true),
        )
  return { ...(await readContents(chunks, options, takeParts(post))), differs }
})

const MOST_WAITING = 8

/** Waits while too many parts are on their way: who takes them does more with them than who makes them. */
function waiter(taken: SharedArrayBuffer): () => void {
  const count = new Int32Array(taken)
  let sent = 0
  return () => {
    sent += 1
    for (let seen = Atomics.load(count, 0); sent - seen > MOST_WAITING; seen = Atomics.load(count, 0)) {
      Atomics.wait(count, 0, seen)
    }
  }
}
