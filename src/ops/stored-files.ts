import type { RunContext } from '../context.js'
import type { FindingLog } from '../model/finding-log.js'
import type { Image, Layer } from '../model/image.js'
import { cleanPath } from '../tar/path.js'
import type { PlainMember } from '../tar/plain-header.js'
import { keyOf, type Place } from '../tree/changes.js'
import type { ContentHashes } from '../tree/content-hashes.js'
import type { RecordedEntry } from '../tree/entry-records.js'
import { hashedTree, type EntryWatch } from '../tree/hashed.js'
import { mergedTree } from '../tree/merged.js'
import { lookup } from '../tree/resolve.js'
import { everyNode, type Tree } from '../tree/tree.js'
import { whiteoutOf } from '../tree/whiteout.js'
import { addRow, isSameContent, rowAt, rowsOf, storedTable, type RowPlace, type StoredTable } from './stored-table.js'

/**
 * What became of a content: `visible` in the merged tree; `rewritten` by a layer that stores the same bytes again (a
 * chmod or touch does that), `replaced` by other bytes, `deleted`; `ignored` where it never was a file of the image.
 */
export type Fate = 'visible' | 'rewritten' | 'replaced' | 'deleted' | 'ignored'

const FATES: readonly Fate[] = ['replaced', 'visible', 'rewritten', 'deleted', 'ignored']
const [REPLACED, VISIBLE, REWRITTEN, DELETED, IGNORED] = [0, 1, 2, 3, 4] as const

/** A content that a layer stores. */
export interface StoredFile {
  /** Cleaned, one latin1 character a byte. */
  readonly path: string
  /** Index of the layer that stores it. */
  readonly layer: number
  /** Bytes in the layer's tar, without header and padding. */
  readonly size: number
  readonly fate: Fate
  /** Index of the layer that hid it. */
  readonly hiddenBy?: number
}

/**
 * Every content that the layers of an image store, in the order of the layers and their tars, with what became of it: made
 * as they are asked for, as often as they are. A hard link is no content. `hashed` reads all bytes to tell what was
 * rewritten; else such a file counts as replaced. Layers that are missing or broken are findings. Errors: those of mergedTree.
 */
export async function storedFiles(
  image: Image,
  log: FindingLog,
  context: RunContext,
  { hashed }: { readonly hashed: boolean },
): Promise<Iterable<StoredFile>> {
  const watch = fileWatch()
  if (hashed) {
    const hear = (layer: Layer): EntryWatch => ({
      entry: (entry) => watch.entry(layer, entry),
      place: (place, member) => watch.place(layer, place, member),
    })
    await hashedTree({ layers: image.layers, log, watch: hear, applied: watch.applied }, context)
  } else {
    await mergedTree(image.layers, log, context, watch)
  }
  return { [Symbol.iterator]: watch.files }
}

interface FileWatch {
  readonly entry: (layer: Layer, entry: RecordedEntry) => void
  readonly place: (layer: Layer, place: Place, member: PlainMember) => void
  readonly applied: (layer: Layer, tree: Tree, hashes?: ContentHashes) => void
  readonly files: () => Generator<StoredFile>
}

function fileWatch(): FileWatch {
  // An inode tells its layer and where the content begins in that tar, whatever its names are.
  const tables = new Map<number, StoredTable>()
  const tableOf = ({ index }: Layer): StoredTable => {
    const table = tables.get(index) ?? storedTable(index)
    tables.set(index, table)
    return table
  }
  let round = 1
  // Those that the tree showed in the round before: what it shows no more it never will again.
  let shown: Set<StoredTable> = new Set()
  return {
    entry(layer, { type, content, rawPath }) {
      if (type !== 'file' || content.length === 0) return
      const { key } = cleanPath(rawPath)
      const fate = whiteoutOf(key) === undefined ? REPLACED : IGNORED
      addRow(tableOf(layer), { parent: '', name: key, offset: content.offset, size: content.length, fate })
    },
    place(layer, { parent, name }, { type, size, offset, headerLength }) {
      if (type !== 'file' || size === 0) return
      addRow(tableOf(layer), { parent, name, offset: offset + headerLength, size, fate: REPLACED })
    },
    applied(layer, tree, hashes) {
      const own = tableOf(layer)
      own.hashes = hashes
      round += 1
      const before = shown.add(own)
      shown = showAll(tables, tree, round)
      for (const table of before) hideOthers(table, layer.index, { tables, tree, round })
    },
    *files() {
      for (const table of [...tables.values()].sort((a, b) => a.layer - b.layer)) {
        for (const row of rowsOf(table)) yield storedFile(row)
      }
    },
  }
}

/** What there is when a layer was applied; the first round is 2, so that 0 and 1 are none. */
interface Merged {
  readonly tables: ReadonlyMap<number, StoredTable>
  readonly tree: Tree
  readonly round: number
}

/** Marks what the tree shows, and gives the tables in which something is. */
function showAll(tables: Merged['tables'], tree: Tree, round: number): Set<StoredTable> {
  const shown = new Set<StoredTable>()
  everyNode(tree, ({ inode }) => {
    const row = inode.type === 'file' ? rowAt(tables.get(inode.layer), inode.content.offset) : undefined
    if (row === undefined) return
    row.block.shown[row.at] = round
    row.block.fates[row.at] = VISIBLE
    shown.add(row.table)
  })
  return shown
}

/**
 * Tells what became of that which the round before showed and this one does not; and of what the layer stores and never
 * showed: of two entries with one name the first never comes into a tree.
 */
function hideOthers(table: StoredTable, hider: number, merged: Merged): void {
  for (const row of rowsOf(table)) {
    const { shown, fates, hiders } = row.block
    const last = shown[row.at]
    const isNew = table.layer === hider && last === 0 && fates[row.at] !== IGNORED
    if (last !== merged.round - 1 && !isNew) continue
    hiders[row.at] = hider
    fates[row.at] = fateOf(row, merged)
  }
}

function fateOf(row: RowPlace, { tables, tree }: Merged): number {
  const other = lookup(tree, pathOf(row), false)
  if (other === undefined) return DELETED
  const { layer, content } = other.node.inode
  const otherRow = rowAt(tables.get(layer), content.offset)
  return otherRow !== undefined && isSameContent(row, otherRow) ? REWRITTEN : REPLACED
}

function pathOf({ block: { parents, names }, at }: RowPlace): string {
  return keyOf({ parent: parents[at] ?? '', name: names[at] ?? '' })
}

function storedFile(row: RowPlace): StoredFile {
  const { block, at, table } = row
  const [path, layer, size] = [pathOf(row), table.layer, block.sizes[at] ?? 0]
  const fate = FATES[block.fates[at] ?? REPLACED] ?? 'replaced'
  const hiddenBy = block.hiders[at] ?? -1
  return hiddenBy < 0 || fate === 'visible' ? { path, layer, size, fate } : { path, layer, size, fate, hiddenBy }
}
