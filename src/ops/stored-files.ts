import type { RunContext } from '../context.js'
import type { FindingLog } from '../model/finding-log.js'
import type { Image, Layer } from '../model/image.js'
import { cleanPath, latin1 } from '../tar/path.js'
import type { RecordedEntry } from '../tree/entry-records.js'
import { hashedTree, type EntryWatch } from '../tree/hashed.js'
import { mergedTree } from '../tree/merged.js'
import { isDirectory, type DirectoryNode, type Inode, type TreeNode } from '../tree/node.js'
import { lookup } from '../tree/resolve.js'
import type { Tree } from '../tree/tree.js'
import { whiteoutOf } from '../tree/whiteout.js'

/**
 * What became of a content: `visible` in the merged tree; `rewritten` by a layer that stores the same bytes again (a
 * chmod or touch does that), `replaced` by other bytes, `deleted`; `ignored` where it never was a file of the image.
 */
export type Fate = 'visible' | 'rewritten' | 'replaced' | 'deleted' | 'ignored'

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

interface Seen {
  readonly path: string
  readonly layer: number
  readonly size: number
  readonly hash: string | undefined
  fate: Fate
  hiddenBy: number | undefined
  /** Whether a tree ever showed it. */
  shown: boolean
}

/**
 * Every content that the layers of an image store, in the order of the layers and their tars, with what became of it. A
 * hard link is no content. `hashed` reads all bytes to tell what was rewritten; else such a file counts as replaced.
 * Layers that are missing or broken are findings. Errors: those of mergedTree.
 */
export async function storedFiles(
  image: Image,
  log: FindingLog,
  context: RunContext,
  { hashed }: { readonly hashed: boolean },
): Promise<readonly StoredFile[]> {
  const watch = fileWatch()
  if (hashed) {
    const hear = (layer: Layer): EntryWatch => ({ entry: (entry, hash) => watch.entry(layer, entry, hash) })
    await hashedTree({ layers: image.layers, log, watch: hear, applied: watch.applied }, context)
  } else {
    await mergedTree(image.layers, log, context, watch)
  }
  return watch.files()
}

interface FileWatch {
  readonly entry: (layer: Layer, entry: RecordedEntry, hash?: Uint8Array) => void
  readonly applied: (layer: Layer, tree: Tree) => void
  files(): readonly StoredFile[]
}

function fileWatch(): FileWatch {
  // By layer, then by where the content begins in its tar: an inode tells both, whatever its names are.
  const layers = new Map<number, Map<number, Seen>>()
  let shown = new Set<Seen>()
  return {
    entry({ index }, entry, hash) {
      if (entry.type !== 'file' || entry.content.length === 0) return
      const files = layers.get(index) ?? new Map<number, Seen>()
      layers.set(index, files)
      files.set(entry.content.offset, unseen(entry, index, hash))
    },
    applied({ index }, tree) {
      const of = (inode: Inode) => layers.get(inode.layer)?.get(inode.content.offset)
      const now = new Set<Seen>()
      for (const { inode } of nodesOf(tree)) {
        const file = inode.type === 'file' ? of(inode) : undefined
        if (file !== undefined) now.add(file)
      }
      for (const file of now) {
        file.fate = 'visible'
        file.shown = true
      }
      const hidden = (file: Seen): void => {
        const other = lookup(tree, file.path, false)
        file.hiddenBy = index
        file.fate = other === undefined ? 'deleted' : sameContent(file, of(other.node.inode)) ? 'rewritten' : 'replaced'
      }
      for (const file of shown) if (!now.has(file)) hidden(file)
      // What a layer stores twice shows once: the first of two entries with one name never comes into a tree.
      for (const file of layers.get(index)?.values() ?? []) {
        if (!file.shown && file.fate !== 'ignored') hidden(file)
      }
      shown = now
    },
    files: () =>
      [...layers]
        .sort(([a], [b]) => a - b)
        .flatMap(([, files]) => [...files.values()])
        .map(storedFile),
  }
}

function unseen(entry: RecordedEntry, layer: number, hash: Uint8Array | undefined): Seen {
  const { key } = cleanPath(entry.rawPath)
  return {
    path: key,
    layer,
    size: entry.content.length,
    hash: hash === undefined ? undefined : latin1(hash),
    fate: whiteoutOf(key) === undefined ? 'replaced' : 'ignored',
    hiddenBy: undefined,
    shown: false,
  }
}

function storedFile({ path, layer, size, fate, hiddenBy }: Seen): StoredFile {
  return { path, layer, size, fate, ...(hiddenBy !== undefined && fate !== 'visible' && { hiddenBy }) }
}

function sameContent({ hash, size }: Seen, other: Seen | undefined): boolean {
  return hash !== undefined && other !== undefined && hash === other.hash && size === other.size
}

/** Every node below the root, in no order that means anything. */
function* nodesOf(tree: Tree): Generator<TreeNode> {
  const todo: DirectoryNode[] = [tree.root]
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    for (const child of next.inode.children.values()) {
      yield child
      if (isDirectory(child)) todo.push(child)
    }
  }
}
