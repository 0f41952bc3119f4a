import type { Span } from '../bytes/source.js'
import type { Limits } from '../context.js'
import { ArchiveError } from '../errors.js'
import { cleanPath, latin1, latin1Bytes, type CleanPath } from '../tar/path.js'
import type { PlainMember } from '../tar/plain-header.js'
import type { LayerNotes } from './layer-notes.js'
import { nodeMaker } from './entry-node.js'
import type { RecordedEntry } from './entry-records.js'
import { linkMetadata, type Inode, type LinkMetadata, type NodeType, type TreeNode } from './node.js'
import { entryOfPlain, plainPlaces } from './plain-members.js'
import { isAufsLink, whiteoutOf, type Whiteout } from './whiteout.js'
import { overlayXattrs } from './xattrs.js'

/** A name that a layer adds. */
export type Addition = Place & ({ readonly node: TreeNode } | Link)

/** A hard link; `target` is the name as stored, one latin1 character a byte. */
interface Link {
  readonly header: Span
  readonly target: string
  readonly link: LinkMetadata
}

/** A cleaned path in two: the names of one directory share the text of its path. Both are '' for the root. */
export interface Place {
  readonly parent: string
  readonly name: string
}

/** The cleaned path of an addition. */
export function keyOf({ parent, name }: Place): string {
  return parent === '' ? name : `${parent}/${name}`
}

/** A path of lower layers that a layer takes away: itself, or all that is in it. */
export type Removal = Extract<Whiteout, { kind: 'whiteout' | 'opaque' }> & { readonly key: string }

/** What one layer changes. */
export interface LayerChanges {
  /** Index of the layer, base = 0. */
  readonly layer: number
  /** In the order of the tar. */
  readonly additions: Iterable<Addition>
  readonly removals: readonly Removal[]
  /** Contents that AUFS kept apart, by cleaned path: targets of hard links, no names of the image. */
  readonly aufs: ReadonlyMap<string, Inode>
}

/** Gathers changes: entries in the order of the tar, then the whole. */
export interface ChangeCollector {
  /** Errors: ERR_LIMIT for a path that is too deep. */
  readonly add: (entry: RecordedEntry) => void
  /** The same for a plain member: where it lies; lent, and undefined where its name is none that is plain. */
  readonly addPlain: (member: PlainMember) => Place | undefined
  readonly changes: LayerChanges
}

/** Sorts the entries of a layer into what it adds and what it takes away, and notes what is neither. */
export function collectChanges(layer: number, notes: LayerNotes, limits: Limits): ChangeCollector {
  const additions = additionList()
  const removals: Removal[] = []
  const aufs = new Map<string, Inode>()
  const nodes = nodeMaker(layer)
  const placeOf = placeMaker()
  const plainPlaceOf = plainPlaces(limits.depth)
  const add = (entry: RecordedEntry) => {
    const type = treeType(entry)
    const key = cleanedPath(entry, notes, limits)
    if (key === undefined || entry.type === 'global') return
    if (type === undefined) {
      notes.tell('ENTRY_TYPE_UNSUPPORTED', key, `type ${JSON.stringify(entry.typeflag)} makes nothing`)
      return
    }
    const mark = whiteoutOf(key)
    if (mark === undefined) {
      if (type !== 'hardlink') noteDrivers(entry, type, key, notes)
      additions.add(placeOf(key), type === 'hardlink' ? linkOf(entry) : nodes.of(entry, type))
    } else if (mark.kind === 'whiteout' || mark.kind === 'opaque') {
      removals.push({ ...mark, key })
    } else if (mark.kind === 'invalid') {
      notes.tell('WHITEOUT_INVALID', key, mark.reason)
    } else {
      notes.tell('WHITEOUT_AUFS', key, 'AUFS kept its books here; left out')
      if (isAufsLink(key) && type === 'file') aufs.set(key, nodes.of(entry, type).inode)
    }
  }
  return {
    changes: { layer, additions: additions.all, removals, aufs },
    add,
    addPlain(member) {
      const place = plainPlaceOf(member)
      if (place === undefined) add(entryOfPlain(member))
      else additions.add(place, nodes.ofPlain(member))
      return place
    },
  }
}

function treeType({ type }: RecordedEntry): NodeType | 'hardlink' | undefined {
  return type === 'unknown' || type === 'global' ? undefined : type
}

function linkOf(entry: RecordedEntry): Link {
  return { header: entry.header, target: latin1(entry.rawLinkPath), link: linkMetadata(entry) }
}

const BLOCK = 1024

/**
 * Additions taken apart into lists of a thousand, which leave nothing behind while they grow: a layer may have a million,
 * and those of all layers of two images wait to be applied.
 */
function additionList(): { add(place: Place, thing: TreeNode | Link): void; readonly all: Iterable<Addition> } {
  const blocks: { readonly places: string[]; readonly things: (TreeNode | Link)[] }[] = []
  function* all(): Generator<Addition> {
    for (const { places, things } of blocks) {
      for (let at = 0; at < things.length; at++) {
        const [thing, parent = '', name = ''] = [things[at], places[2 * at], places[2 * at + 1]]
        if (thing === undefined) continue
        yield 'inode' in thing ? { parent, name, node: thing } : { parent, name, ...thing }
      }
    }
  }
  return {
    add({ parent, name }, thing) {
      let block = blocks.at(-1)
      if (block === undefined || block.things.length === BLOCK) blocks.push((block = { places: [], things: [] }))
      block.places.push(parent, name)
      block.things.push(thing)
    },
    all: { [Symbol.iterator]: all },
  }
}

// Entries of one directory mostly follow each other.
function placeMaker(): (key: string) => Place {
  let last = ''
  return (key) => {
    const slash = key.lastIndexOf('/')
    if (slash < 0) return { parent: '', name: key }
    if (slash !== last.length || !key.startsWith(last)) last = ownText(key.slice(0, slash))
    return { parent: last, name: ownText(key.slice(slash + 1)) }
  }
}

// A part of a text keeps the whole in memory (V8 makes a slice of it from 13 characters on); what a tree keeps outlives it.
function ownText(text: string): string {
  return text.length < 13 ? text : latin1(latin1Bytes(text))
}

/** `cleanPath` of an entry's name. Errors: ERR_LIMIT for one that is too deep. */
export function boundedPath(
  { rawPath, header }: Pick<RecordedEntry, 'rawPath' | 'header'>,
  { depth: most }: Limits,
): CleanPath {
  const clean = cleanPath(rawPath)
  if (clean.depth <= most) return clean
  throw new ArchiveError('ERR_LIMIT', `a path of ${clean.depth} components is over the limit of ${most}`, {
    offset: header.offset,
    hint: 'raise it with --limit-depth if the archive is trusted',
  })
}

function cleanedPath(entry: RecordedEntry, notes: LayerNotes, limits: Limits): string | undefined {
  const { key, escapes, nul } = boundedPath(entry, limits)
  if (escapes) notes.tell('ENTRY_UNSAFE_PATH', key, '`..` leads above the root; taken as starting there')
  if (!nul) return key
  notes.tell('ENTRY_UNSAFE_PATH', key, 'a name with a NUL, which no file system can hold; left out')
  return undefined
}

function noteDrivers(entry: RecordedEntry, type: NodeType, key: string, notes: LayerNotes): void {
  if (type === 'char' && entry.devMajor === 0 && entry.devMinor === 0) {
    notes.tell('ENTRY_DEVICE_WHITEOUT', key, 'a 0:0 character device; kept as a device')
  }
  if (entry.pax.size === 0) return
  for (const name of overlayXattrs(entry.pax)) notes.tell('ENTRY_OVERLAY_XATTR', key, `${name}; left out`)
}
