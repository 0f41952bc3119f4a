import type { ByteSource } from '../bytes/source.js'
import type { Finding } from '../findings.js'
import type { Layer, LayerClaims } from './image.js'

/**
 * How a member came out of a damaged archive: `whole` as its header says; `mended` where its header is damaged and the
 * place of its bytes had to be worked out; `cut` where the archive ends inside it.
 */
export type MemberState = 'whole' | 'mended' | 'cut'

/** A file in a damaged archive, whether any document speaks of it or not. */
export interface LooseMember {
  /** As stored; what can be read of it where the header is damaged. */
  readonly path: string
  readonly state: MemberState
  readonly source: ByteSource
  /** Where the content begins in the archive, where that can be said. */
  readonly offset?: number
  /** Of a mended one: the least bytes that it can have; what is beyond may only fill it up. */
  readonly least?: number
  /** The member taken for a layer; its first `length` bytes, where that is given. */
  layer(index: number, claims: LayerClaims, length?: number): Layer
}

/** All files of a damaged archive that could be found. */
export interface LooseMembers extends AsyncDisposable {
  readonly location: string
  readonly members: readonly LooseMember[]
  /** The uncompressed archive, as far as it goes; a directory has none. */
  readonly source?: ByteSource
  /** What is wrong with the archive itself. */
  readonly findings: readonly Finding[]
}
