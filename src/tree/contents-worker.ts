import { fileChunks } from '../bytes/file-chunks.js'
import { serveJobs } from '../bytes/worker.js'
import type { ContentsDone, ContentsJob } from './contents-pool.js'
import { readContents, type ContentsPart } from './contents.js'
import { comparedWith } from './same-bytes.js'

serveJobs(async (input, onBytes, onPart): Promise<ContentsDone> => {
  const { place, twin, size, options } = input as ContentsJob // contents-pool.ts posts nothing else
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
  const post = (part: ContentsPart) => onPart(part, [bufferOf(part.headers), bufferOf(part.hashes)])
  return { ...(await readContents(chunks, options, post)), differs }
})

// Both are made for their part, whole buffers of their own.
function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return bytes.buffer as ArrayBuffer // never a shared one: `readContents` makes it
}
