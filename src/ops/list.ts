import type { RunContext } from '../context.js'
import { ArchiveError } from '../errors.js'
import type { Finding } from '../findings.js'
import { layerAt } from '../model/as-of.js'
import { findingLog, type FindingLog } from '../model/finding-log.js'
import type { Image, Layer } from '../model/image.js'
import type { EntryReport } from '../model/report.js'
import type { TarEntry } from '../tar/entry.js'
import { cleanKey, cleanPath, latin1Of } from '../tar/path.js'
import { linkedInodes } from '../tree/entry-node.js'
import { scanLayer } from '../tree/layer-entries.js'
import { mergedTree } from '../tree/merged.js'
import { isDirectory, type Inode } from '../tree/node.js'
import { lookup } from '../tree/resolve.js'
import { walkTree, type Located, type Tree } from '../tree/tree.js'
import { whiteoutOf } from '../tree/whiteout.js'
import { entryRow, treeRow } from './list-rows.js'

/** What to list; without `layer` and `allLayers` the merged root filesystem. */
export interface ListOptions {
  /** As the user named it, for findings. */
  readonly archive: string
  /** A directory lists what is in it, anything else itself, as `ls -l` does; absent, everything is listed. */
  readonly path?: string
  /** A directory lists everything below it. */
  readonly recursive?: boolean
  /** One layer as stored, base = 0: whiteouts are rows. */
  readonly layer?: number
  /** Every layer as stored, sorted by path and then by layer: who put what where. */
  readonly allLayers?: boolean
}

/** The rows, and what was odd about the layers. */
export interface Listing {
  /** Made while they are read, and anew each time: a million of them take more memory than the tree that they are of. */
  readonly entries: Iterable<EntryReport>
  readonly findings: readonly Finding[]
}

/**
 * Lists files of an image: merged in the order of `docker export` (a directory before what is in it, names by their
 * bytes), a single layer in the order of its tar. Layers that are missing or broken give what can be read of them, and
 * findings. Errors: ERR_NOT_FOUND for a path or layer that is not there, and those of mergedTree.
 */
export async function list(image: Image, options: ListOptions, context: RunContext): Promise<Listing> {
  const log = findingLog(options.archive)
  const stored = options.allLayers === true || options.layer !== undefined
  const entries = stored
    ? await listStored(image, options, log, context)
    : await listMerged(image, options, log, context)
  return { entries, findings: log.findings }
}

async function listMerged(
  image: Image,
  options: ListOptions,
  log: FindingLog,
  context: RunContext,
): Promise<Iterable<EntryReport>> {
  const tree = await mergedTree(image.layers, log, context)
  const from = startOf(tree, options)
  const recursive = options.path === undefined || options.recursive === true
  const firsts = firstNames(tree)
  return { [Symbol.iterator]: () => rowsOf({ tree, from, recursive }, firsts) }
}

interface Chosen {
  readonly tree: Tree
  readonly from: Located
  readonly recursive: boolean
}

function* rowsOf({ tree, from, recursive }: Chosen, firsts: ReadonlyMap<Inode, string>): Generator<EntryReport, void> {
  const row = (item: Located) => treeRow(item, firsts.get(item.node.inode))
  if (!isDirectory(from.node)) yield row(from)
  const names = from.path === '' ? '' : `${from.path}/`
  for (const item of walkTree(tree, from)) {
    if (recursive || !item.path.includes('/', names.length)) yield row(item)
  }
}

function startOf(tree: Tree, { path, archive }: ListOptions): Located {
  const name = latin1Of(path ?? '')
  // As `ls -l`: a link is listed itself, unless a slash behind it asks for the directory.
  const found = lookup(tree, name, /(?:^|\/)\.?$/.test(name))
  if (found !== undefined) return found
  throw new ArchiveError('ERR_NOT_FOUND', `no such file in the image: ${path ?? '/'}`, {
    location: archive,
    hint: `imgtar blame ${archive} ${path ?? '/'} tells whether a layer ever had it`,
  })
}

/** The first path of every inode that has several. */
function firstNames(tree: Tree): ReadonlyMap<Inode, string> {
  const seen = new Map<Inode, string>()
  const shared = new Map<Inode, string>()
  const linked = linkedInodes(tree)
  if (linked.size === 0) return shared
  for (const { path, node } of walkTree(tree)) {
    if (!linked.has(node.inode)) continue
    const first = seen.get(node.inode)
    if (first === undefined) seen.set(node.inode, path)
    else shared.set(node.inode, first)
  }
  return shared
}

interface StoredRow {
  readonly key: string
  readonly row: EntryReport
}

async function listStored(
  image: Image,
  options: ListOptions,
  log: FindingLog,
  context: RunContext,
): Promise<EntryReport[]> {
  const rows: StoredRow[] = []
  for (const layer of layersOf(image, options)) {
    const onEntry = (entry: TarEntry) => {
      if (entry.type !== 'global') rows.push({ key: keyOf(entry), row: entryRow(entry, layer.index) })
    }
    await scanLayer(layer, { onEntry }, log, context)
  }
  const chosen = options.path === undefined ? rows : below(rows, options.path, options)
  // Sorting is stable: rows of one path stay in the order of the layers.
  if (options.allLayers === true) chosen.sort((a, b) => compareKeys(a.key, b.key))
  return chosen.map(({ row }) => row)
}

function layersOf({ layers }: Image, { layer, allLayers, archive }: ListOptions): readonly Layer[] {
  if (allLayers === true || layer === undefined) return layers
  return [layerAt({ layers, location: archive }, layer)]
}

function below(rows: readonly StoredRow[], path: string, { archive, recursive }: ListOptions): StoredRow[] {
  const { key: start } = cleanKey(latin1Of(path))
  const prefix = start === '' ? '' : `${start}/`
  const inside = rows.filter(({ key }) => key.startsWith(prefix) && key !== start)
  const chosen = recursive === true ? inside : inside.filter(({ key }) => !key.includes('/', prefix.length))
  const itself = rows.filter(({ key, row }) => key === start && (row.type !== 'directory' || inside.length === 0))
  if (inside.length > 0 || itself.length > 0) return [...itself, ...chosen]
  throw new ArchiveError('ERR_NOT_FOUND', `no such entry in the layers: ${path}`, {
    location: archive,
    hint: `imgtar ls ${archive} --all-layers lists all entries`,
  })
}

/** The path that an entry is about: for a whiteout what it hides. */
function keyOf(entry: TarEntry): string {
  const { key } = cleanPath(entry.rawPath)
  const mark = whiteoutOf(key)
  return mark?.kind === 'whiteout' || mark?.kind === 'opaque' ? mark.path : key
}

/** By components, so that a directory stands right before what is in it: a slash comes before all that is in names. */
function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const [x, y] = [a.charCodeAt(at), b.charCodeAt(at)]
    if (x !== y) return x === SLASH ? -1 : y === SLASH ? 1 : x - y
  }
  return a.length - b.length
}

const SLASH = 0x2f
