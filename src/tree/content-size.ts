import type { TarEntry } from '../tar/entry.js'
import { cleanName } from '../tar/path.js'
import type { PlainMember } from '../tar/plain-header.js'
import type { HeaderHandlers } from '../tar/scan-headers.js'
import { plainEntry, plainSpans } from './plain-members.js'
import { whiteoutOf } from './whiteout.js'

/** What docker's size of a layer counts: bytes of files and of symlink targets, a hard-linked file once (pkg/directory). */
export function dockerSize(entry: TarEntry): number {
  if (entry.type === 'file') return entry.size
  return entry.type === 'symlink' ? entry.rawLinkPath.length : 0
}

/** The same of a plain member. */
export function plainDockerSize({ type, size, link }: PlainMember): number {
  return type === 'file' ? size : link.length
}

/** Adds up what docker's size of a layer counts; whiteouts are none of its files. */
export interface ContentSizer extends HeaderHandlers {
  readonly size: number
}

/** A sum of nothing yet. */
export function contentSizer(): ContentSizer {
  const spans = plainSpans(Infinity)
  let size = 0
  const sizer = {
    get size() {
      return size
    },
    onEntry(entry: TarEntry) {
      if (whiteoutOf(cleanName(entry.path, entry.rawPath).key) === undefined) size += dockerSize(entry)
    },
    onPlain(member: PlainMember) {
      if (spans(member) === undefined) sizer.onEntry(plainEntry(member))
      else size += plainDockerSize(member)
    },
  }
  return sizer
}
