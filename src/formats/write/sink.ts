import { blocksOf, type Blocks } from '../../bytes/blocks.js'
import type { ByteSource } from '../../bytes/source.js'
import type { RunContext } from '../../context.js'
import type { OutgoingContent, Staging } from '../../model/outgoing.js'

/** One member of an archive in the making. Directories come by themselves. */
export type SinkMember =
  | { readonly kind: 'document'; readonly path: string; readonly bytes: Uint8Array }
  | { readonly kind: 'blob'; readonly path: string; readonly size: number; readonly content: OutgoingContent }
  /** A relative symlink to another member. */
  | { readonly kind: 'link'; readonly path: string; readonly linkPath: string }

/** Takes the members of an archive in their order, into a tar or a directory. */
export interface ArchiveSink extends Staging, AsyncDisposable {
  readonly location: string
  /** Errors: ERR_OUTPUT, what reading the content throws. */
  add(member: SinkMember, context: RunContext): Promise<void>
  /** Ends the archive and puts it in its place; gives how many bytes it has. Errors: ERR_OUTPUT. */
  commit(): Promise<number>
}

/** The bytes of a source on their way into an archive, as progress. Errors: those of blocksOf. */
export function copied(source: ByteSource, subject: string, context: RunContext): Blocks {
  const blocks = blocksOf(source, context.signal)
  let done = 0
  return {
    ...blocks,
    fill(block) {
      const filled = blocks.fill(block)
      done += filled.length
      context.onProgress?.({ task: 'copy', subject, done, total: source.size })
      return filled
    },
  }
}
