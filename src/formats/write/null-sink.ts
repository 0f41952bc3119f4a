import { writeChunked } from '../../bytes/blocks.js'
import type { ArchiveSink } from './sink.js'

const BLOCK = 512

/** Takes an archive up and writes nothing: for saying what would be written. */
export function nullSink(location: string): ArchiveSink {
  let size = 2 * BLOCK
  let order = 0
  const member = (length: number): number => BLOCK + Math.ceil(length / BLOCK) * BLOCK
  return {
    location,
    async stage(chunks) {
      let length = 0
      for await (const chunk of chunks) length += chunk.length
      return { size: length, order: order++ }
    },
    async stageBlocks(blocks) {
      let length = 0
      await writeChunked(blocks, (chunk) => Promise.resolve(void (length += chunk.length)))
      return { size: length, order: order++ }
    },
    discard: () => Promise.resolve(),
    add(added) {
      if (added.kind === 'link') size += BLOCK
      else size += member(added.kind === 'document' ? added.bytes.length : added.size)
      return Promise.resolve()
    },
    commit: () => Promise.resolve(size),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
