import type { Span } from '../bytes/source.js'
import type { Limits } from '../context.js'
import { ArchiveError } from '../errors.js'
import type { TarEntry } from '../tar/entry.js'
import { cleanPath, latin1 } from '../tar/path.js'
import type { LayerNotes } from './layer-notes.js'
import { inodeOf, linkMetadata, type Inode, type LinkMetadata, type NodeType } from './node.js'
import { isAufsLink, whiteoutOf, type Whiteout } from './whiteout.js'
import { overlayXattrs } from './xattrs.js'

/** A name that a layer adds. */
export type Addition =
  | { readonly key: string; readonly header: Span; readonly inode: Inode }
  /** A hard link; `target` is the name as stored, one latin1 character a byte. */
  | { readonly key: string; readonly header: Span; readonly target: string; readonly link: LinkMetadata }

/** A path of lower layers that a layer takes away: itself, or all that is in it. */
export type Removal = Extract<Whiteout, { kind: 'whiteout' | 'opaque' }> & { readonly key: string }

/** What one layer changes. */
export interface LayerChanges {
  /** Index of the layer, base = 0. */
  readonly layer: number
  /** In the order of the tar. */
  readonly additions: readonly Addition[]
  readonly removals: readonly Removal[]
  /** Contents that AUFS kept apart, by cleaned path: targets of hard links, no names of the image. */
  readonly aufs: ReadonlyMap<string, Inode>
}

/** Gathers changes: entries in the order of the tar, then the whole. */
export interface ChangeCollector {
  /** Errors: ERR_LIMIT for a path that is too deep. */
  readonly add: (entry: TarEntry) => void
  readonly changes: LayerChanges
}

/** Sorts the entries of a layer into what it adds and what it takes away, and notes what is neither. */
export function collectChanges(layer: number, notes: LayerNotes, limits: Limits): ChangeCollector {
  const additions: Addition[] = []
  const removals: Removal[] = []
  const aufs = new Map<string, Inode>()
  return {
    changes: { layer, additions, removals, aufs },
    add(entry) {
      const type = treeType(entry)
      const key = keyOf(entry, notes, limits)
      if (key === undefined || entry.type === 'global') return
      if (type === undefined) {
        notes.tell('ENTRY_TYPE_UNSUPPORTED', key, `type ${JSON.stringify(entry.typeflag)} makes nothing`)
        return
      }
      const mark = whiteoutOf(key)
      if (mark === undefined) {
        if (type !== 'hardlink') noteDrivers(entry, type, key, notes)
        additions.push(additionOf(entry, type, key, layer))
      } else if (mark.kind === 'whiteout' || mark.kind === 'opaque') {
        removals.push({ ...mark, key })
      } else if (mark.kind === 'invalid') {
        notes.tell('WHITEOUT_INVALID', key, mark.reason)
      } else {
        notes.tell('WHITEOUT_AUFS', key, 'AUFS kept its books here; left out')
        if (isAufsLink(key) && type === 'file') aufs.set(key, inodeOf(entry, type, layer))
      }
    },
  }
}

function treeType({ type }: TarEntry): NodeType | 'hardlink' | undefined {
  return type === 'unknown' || type === 'global' ? undefined : type
}

function additionOf(entry: TarEntry, type: NodeType | 'hardlink', key: string, layer: number): Addition {
  const { header } = entry
  if (type === 'hardlink') return { key, header, target: latin1(entry.rawLinkPath), link: linkMetadata(entry) }
  return { key, header, inode: inodeOf(entry, type, layer) }
}

function keyOf(entry: TarEntry, notes: LayerNotes, limits: Limits): string | undefined {
  const { key, depth, escapes, nul } = cleanPath(entry.rawPath)
  if (depth > limits.depth) {
    throw new ArchiveError('ERR_LIMIT', `a path of ${depth} components is over the limit of ${limits.depth}`, {
      offset: entry.header.offset,
      hint: 'raise it with --limit-depth if the archive is trusted',
    })
  }
  if (escapes) notes.tell('ENTRY_UNSAFE_PATH', key, '`..` leads above the root; taken as starting there')
  if (!nul) return key
  notes.tell('ENTRY_UNSAFE_PATH', key, 'a name with a NUL, which no file system can hold; left out')
  return undefined
}

function noteDrivers(entry: TarEntry, type: NodeType, key: string, notes: LayerNotes): void {
  if (type === 'char' && entry.devMajor === 0 && entry.devMinor === 0) {
    notes.tell('ENTRY_DEVICE_WHITEOUT', key, 'a 0:0 character device; kept as a device')
  }
  if (entry.pax.size === 0) return
  for (const name of overlayXattrs(entry.pax)) notes.tell('ENTRY_OVERLAY_XATTR', key, `${name}; left out`)
}
