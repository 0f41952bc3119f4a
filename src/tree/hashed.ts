import type { ByteSource } from '../bytes/source.js'
import type { RunContext } from '../context.js'
import { findingLog, type FindingLog } from '../model/finding-log.js'
import type { Layer } from '../model/image.js'
import type { PlainMember } from '../tar/plain-header.js'
import { applyChanges } from './apply.js'
import { collectChanges, type LayerChanges, type Place } from './changes.js'
import { contentHashTable, type ContentHashTable, type ContentHashes } from './content-hashes.js'
import type { ContentsHandlers } from './contents-takers.js'
import { isSameFile, readLayers, type LayerRead, type LayerToRead } from './contents-pool.js'
import type { RecordedEntry } from './entry-records.js'
import { entryOfPlain } from './plain-members.js'
import { fork } from './fork.js'
import { layerNotes, type LayerNotes } from './layer-notes.js'
import type { Inode, TreeNode } from './node.js'
import { emptyTree, type Tree } from './tree.js'
import { countWaiting, refuseManyLayers } from './waiting-layers.js'

/** A merged tree of which the content of every file is known by its sha256. */
export interface HashedTree {
  readonly tree: Tree
  /** sha256 of a file's content, 32 bytes (a view); undefined for all else, and where the content is cut off or unhashed. */
  hashOf(inode: Inode): Uint8Array | undefined
  /** Whether the file lies in a layer that is the same on both sides and was not hashed. */
  isUnhashed(inode: Inode): boolean
  /** What the pass over each layer told, base first; undefined for a layer that is missing. */
  readonly layers: readonly (LayerRead | undefined)[]
  /** Whether the files of every layer were hashed. */
  readonly allHashed: boolean
  /** How many layers were taken to be those of the other tree by their diffIDs alone. */
  readonly trustedLayers: number
  /** Whether every layer could be read to its end. */
  readonly whole: boolean
  /** How many layers, from the base up, are the same as those of the tree it was read with: they share their inodes. */
  readonly sharedLayers: number
}

/** Hears of each entry of a layer as it is stored, in order. */
export interface EntryWatch {
  readonly entry: (entry: RecordedEntry, hash: Uint8Array | undefined) => void
  /** Where a path and a header say enough: takes plain members in the place of `entry`. What it is told is lent. */
  readonly place?: (place: Place, member: PlainMember) => void
}

/** The layers of one image, the log for what is odd about them, and who else wants to hear of their entries. */
export interface Layered {
  readonly layers: readonly Layer[]
  readonly log: FindingLog
  /** Undefined for a layer of which nobody does. */
  readonly watch?: (layer: Layer) => EntryWatch | undefined
  /** Whether the watch is told how the headers of this layer are written. */
  readonly isSpelled?: (layer: Layer) => boolean
  /** The tree as it stands when a layer was applied, only to be looked at, and the layer's hashes; `hashedTree` alone tells it. */
  readonly applied?: (layer: Layer, tree: Tree, hashes: ContentHashes) => void
}

/** sha256 of no bytes. */
const EMPTY_HASH = Uint8Array.from(
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'.match(/../g) ?? [],
  (hex) => Number.parseInt(hex, 16),
)

/**
 * The merged tree of layers with the hash of every file, each layer read once. What is odd, broken or missing is a
 * finding in the log, as for `mergedTree`. Errors: ERR_LIMIT, ERR_ABORTED, ERR_IO.
 */
export async function hashedTree(image: Layered, context: RunContext): Promise<HashedTree> {
  refuseManyLayers(image.layers, context.limits)
  const onWaiting = countWaiting(context.limits)
  const readings = image.layers.map((layer) => readingOf(layer, image, context, { onWaiting }))
  await readAll(readings, context)
  const tree = emptyTree()
  for (const reading of readings) {
    apply(tree, reading, image.log, context)
    image.applied?.(reading.layer, tree, reading.hashes)
  }
  return treeOf(tree, readings, 0)
}

// Below this, hashing what is the same on both sides is not worth asking for.
const CHEAP_TO_HASH = 256 * 1024 * 1024

/** How two trees are read. */
export interface PairOptions {
  /** Hash the files of layers that are the same on both sides, however large: needed for a digest of each tree. */
  readonly hashAll: boolean
  /** Bytes of shared layers up to which they are compared and hashed in any case; 256 MiB. */
  readonly cheap?: number
}

/**
 * Two merged trees, read together on all threads. Layers at the same place that claim the same diffID are compared byte
 * for byte and read as one; unless they are small together or `hashAll` asks for it, their diffIDs are believed, their
 * headers read once and their files not hashed. Where all layers up to one are the same, both trees share their inodes.
 */
export async function hashedTrees(
  a: Layered,
  b: Layered,
  { hashAll, cheap = CHEAP_TO_HASH }: PairOptions,
  context: RunContext,
): Promise<readonly [HashedTree, HashedTree]> {
  for (const image of [a, b]) refuseManyLayers(image.layers, context.limits)
  const twins = a.layers.map((layer, index) => twinOf(layer, b.layers[index]))
  const hashes = hashAll || twins.reduce((sum, twin) => sum + (twin?.size ?? 0), 0) <= cheap
  const [inA, inB] = [countWaiting(context.limits), countWaiting(context.limits)]
  const ofA = a.layers.map((layer, index) => {
    const twin = twins[index]
    const how = { onWaiting: inA, ...(twin !== undefined && { twin, hashes, isTrusted: !hashes }) }
    return readingOf(layer, a, context, how)
  })
  const ofB = b.layers.map((layer) => readingOf(layer, b, context, { onWaiting: inB }))
  await readAll([...ofA, ...ofB.filter((_, index) => ofA[index]?.twin === undefined)], context)
  await readUnlike(ofA, ofB, a, context)
  const shared = sharedLayers(ofA)
  for (const [index, reading] of ofB.entries()) takeTwin(reading, ofA[index], index >= shared)
  const tree = emptyTree()
  for (const reading of ofA.slice(0, shared)) apply(tree, reading, a.log, context)
  const [, other] = fork(tree)
  for (const reading of ofA.slice(shared)) apply(tree, reading, a.log, context)
  for (const reading of ofB.slice(shared)) apply(other, reading, b.log, context)
  return [treeOf(tree, ofA, shared), treeOf(other, ofB, shared)]
}

/** A layer on its way into a tree. */
interface Reading {
  readonly layer: Layer
  readonly item: LayerToRead
  readonly twin: Layer['blob']
  readonly log: FindingLog
  readonly notes: LayerNotes
  changes: LayerChanges
  hashes: ContentHashTable
  isHashed: boolean
  read: LayerRead | undefined
}

interface HowToRead {
  readonly onWaiting: () => void
  readonly twin?: ByteSource
  readonly hashes?: boolean
  readonly isTrusted?: boolean
}

function readingOf(
  layer: Layer,
  { log, watch, isSpelled }: Layered,
  context: RunContext,
  { onWaiting, twin, hashes: isHashed = true, isTrusted = false }: HowToRead,
): Reading {
  // Layers are read side by side: each has its own log, so that the findings of all come in order.
  const own = findingLog(log.archive)
  const notes = layerNotes(own, layer)
  const { add, addPlain, changes } = collectChanges(layer.index, notes, context.limits)
  const hashes = contentHashTable()
  const hear = watch?.(layer)
  const onMember = (member: PlainMember) => {
    onWaiting()
    const place = addPlain(member)
    if (place !== undefined) hear?.place?.(place, member)
    else hear?.entry(entryOfPlain(member), undefined)
  }
  const handlers: ContentsHandlers = {
    onEntry(entry, hash) {
      onWaiting()
      add(entry)
      if (hash !== undefined) hashes.add(entry.content.offset, hash)
      hear?.entry(entry, hash)
    },
    ...((hear === undefined || hear.place !== undefined) && {
      plain: { onMember, onHash: (offset, hash) => hashes.add(offset, hash) },
    }),
  }
  const spelling = isSpelled?.(layer) === true
  const item = { layer, handlers, hashes: isHashed, isTrusted, spelling, ...(twin !== undefined && { twin }) }
  return { layer, item, twin, log: own, notes, changes, hashes, isHashed, read: undefined }
}

function twinOf(layer: Layer, other: Layer | undefined): Layer['blob'] {
  if (layer.state !== 'stored' || other?.state !== 'stored' || layer.blob?.size !== other.blob?.size) return undefined
  const { diffID } = layer.claims
  return diffID !== undefined && diffID === other.claims.diffID ? other.blob : undefined
}

async function readAll(readings: readonly Reading[], context: RunContext): Promise<void> {
  const present = readings.filter(({ layer }) => layer.state !== 'missing')
  const read = await readLayers(
    present.map(({ item }) => item),
    context,
  )
  for (const [index, reading] of present.entries()) reading.read = read[index]
}

/** Where twins turn out not to be alike, both are layers of their own after all. */
async function readUnlike(a: Reading[], b: readonly Reading[], image: Layered, context: RunContext): Promise<void> {
  const unlike = a.flatMap((reading, index) => (reading.read?.twinIsSame === false && reading.twin ? [index] : []))
  if (unlike.length === 0) return
  const onWaiting = countWaiting(context.limits)
  for (const index of unlike) {
    const layer = a[index]?.layer
    if (layer !== undefined) a[index] = readingOf(layer, image, context, { onWaiting })
  }
  await readAll(
    [a, b].flatMap((side) => unlike.flatMap((index) => side[index] ?? [])),
    context,
  )
}

function tellFaults({ layer, read, log }: Reading): void {
  const place = { path: layer.path, layer: layer.index }
  if (layer.state === 'missing') log.add('LAYER_MISSING', 'the layer is not in the archive', place)
  if (read?.fault !== undefined) {
    const { code, message, offset, layerOffset, entry } = read.fault
    log.add(code, message, {
      ...place,
      ...(offset !== undefined && { offset: (layer.offset ?? 0) + offset }),
      ...(layerOffset !== undefined && { layerOffset }),
      ...(entry !== undefined && { entry }),
    })
  }
  const claimed = layer.claims.diffID
  if (read?.diffID !== undefined && claimed !== undefined && claimed !== read.diffID) {
    const message = `layer ${layer.index} does not have the diffID that the config claims`
    log.add('DIFFID_MISMATCH', message, { ...place, expected: claimed, actual: read.diffID })
  }
}

/** How many layers, from the base up, are the same in both. */
function sharedLayers(readings: readonly Reading[]): number {
  const first = readings.findIndex(({ read }) => read?.twinIsSame !== true)
  return first < 0 ? readings.length : first
}

function takeTwin(reading: Reading, twin: Reading | undefined, isApplied: boolean): void {
  if (twin?.read?.twinIsSame !== true) return
  const { changes, hashes, read } = twin
  reading.read = read
  reading.hashes = hashes
  reading.isHashed = twin.isHashed
  if (!isApplied) return
  const additions = Array.from(changes.additions, (one) => ('node' in one ? { ...one, node: apart(one.node) } : one))
  reading.changes = { ...changes, additions }
}

/** Another name for the same inode; but directories take in names while they are in a tree, so that each tree has its own. */
function apart({ inode, layer, header }: TreeNode): TreeNode {
  return { inode: inode.children === undefined ? inode : { ...inode, children: new Map() }, layer, header }
}

const NO_CHANGES = { additions: [], removals: [], aufs: new Map<string, Inode>() }

function apply(tree: Tree, reading: Reading, log: FindingLog, context: RunContext): void {
  const { changes, notes, layer } = reading
  tellFaults(reading)
  applyChanges(tree, changes, notes, context.limits)
  context.onProgress?.({ task: 'merge', subject: layer.path, done: layer.index + 1, unit: 'layer' })
  notes.close()
  for (const { code, message, where, expected, actual } of reading.log.findings) {
    const { archive: _, ...place } = where
    log.add(code, message, {
      ...place,
      ...(expected !== undefined && { expected }),
      ...(actual !== undefined && { actual }),
    })
  }
  // The tree has what it needs of them; there may be many.
  reading.changes = { ...NO_CHANGES, layer: changes.layer }
}

function treeOf(tree: Tree, readings: readonly Reading[], sharedLayers: number): HashedTree {
  // Not the readings themselves: they hold all entries of their layers.
  const layers = readings.map(({ read }) => read)
  const hashes = readings.map((reading) => (reading.isHashed ? reading.hashes : undefined))
  return {
    tree,
    isUnhashed: (inode) => inode.type === 'file' && inode.size > 0 && hashes[inode.layer] === undefined,
    hashOf(inode) {
      if (inode.type !== 'file') return undefined
      return inode.size === 0 ? EMPTY_HASH : hashes[inode.layer]?.at(inode.content.offset)
    },
    layers,
    allHashed: readings.every(({ isHashed }) => isHashed),
    whole: layers.every((read) => read !== undefined && read.fault === undefined),
    trustedLayers: readings.filter(isUnproved).length,
    sharedLayers,
  }
}

function isUnproved({ layer, item, twin }: Reading): boolean {
  return item.isTrusted === true && !isSameFile(layer.blob, twin)
}
