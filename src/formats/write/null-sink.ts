import { drain } from '../../bytes/reader.js'
import { contentReader } from './content-reader.js'
import type { ArchiveSink } from './sink.js'

const BLOCK = 512

/** Takes an archive up and writes nothing: for saying what would be written, or why it could not be. */
export function nullSink(location: string): ArchiveSink {
  let size = 2 * BLOCK
  let order = 0
  const reader = contentReader()
  const member = (length: number): number => BLOCK + Math.ceil(length / BLOCK) * BLOCK
  return {
    location,
    async stage(chunks) {
      let length = 0
      for await (const chunk of chunks) length += chunk.length
      return { size: length, order: order++ }
    },
    discard: () => Promise.resolve(),
    async add(added, context) {
      if (added.kind === 'link') size += BLOCK
      else size += member(added.kind === 'document' ? added.bytes.length : added.size)
      const isClaimed = added.kind === 'blob' && added.content.kind === 'source' && added.content.claimed !== undefined
      if (isClaimed) await drain(reader.read(added.content, context))
    },
    async commit() {
      await reader.proved()
      return size
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
