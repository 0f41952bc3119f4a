import type { OutgoingContent, Staging } from '../../model/outgoing.js'
import type { RunContext } from '../../context.js'

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
