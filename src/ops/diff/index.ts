import type { RunContext } from '../../context.js'
import type { Finding } from '../../findings.js'
import { findingLog, type FindingLog } from '../../model/finding-log.js'
import type { Image, Layer } from '../../model/image.js'
import { hashFiles } from '../../tree/hash-files.js'
import { hashedTrees, type EntryWatch, type HashedTree } from '../../tree/hashed.js'
import type { Inode } from '../../tree/node.js'
import { surveyOf, type Side, type Survey } from '../facts.js'
import { identify, type Identity } from '../identity.js'
import { rootfsDigest } from '../rootfs-lines.js'
import { ignoredCounts, type Ignored, type Tolerances } from '../tolerances.js'
import { diffConfigs, type ConfigChange } from './config.js'
import { diffContent, type ContentDiff } from './content.js'
import { diffFiles, type FileChange } from './files.js'
import { diffHistories, type HistoryChange } from './history.js'
import { layerSketcher, type LayerSketch, type Sketcher } from './layer-sketch.js'
import { countsAsDifferent, diffLayers, type LayerPair } from './layers.js'
import { diffPackages, type PackageDiff } from './packages.js'
import { joinRenames } from './renames.js'
import { zipTrees } from './zip-trees.js'

/** An image, and the name of its archive for findings. */
export interface ImageOperand {
  readonly archive: string
  readonly image: Image
}

/** What to compare and how. */
export interface DiffOptions {
  readonly tolerances?: Tolerances
  /** Say why layers differ. */
  readonly layers?: boolean
  /** Give the digest of each root filesystem, though large layers are the same on both sides and need not be hashed. */
  readonly digests?: boolean
  /** A file of which the lines are compared. */
  readonly content?: string
}

/** What is known of one side of a diff. */
export interface DiffSide extends Survey {
  readonly identity: Identity
  readonly tree: HashedTree
  readonly rootfsDigest: string | undefined
}

/** The differences between two images; `equal` under the tolerances given. */
export interface ImageDiff {
  readonly equal: boolean
  readonly a: DiffSide
  readonly b: DiffSide
  readonly files: readonly FileChange[]
  readonly config: readonly ConfigChange[]
  readonly history: readonly HistoryChange[]
  readonly names: { readonly a: readonly string[]; readonly b: readonly string[] }
  readonly layers: readonly LayerPair[]
  readonly packages: PackageDiff
  readonly ignored: ReturnType<Ignored['rows']>
  readonly notCompared: readonly { readonly what: string; readonly why: string }[]
  readonly content: ContentDiff | undefined
  readonly findings: readonly Finding[]
}

/**
 * Compares two images of any formats: merged root filesystems, configs, histories, names, layers and packages. Each layer
 * is read once, contents are compared by sha256; `hashedTrees` says which layers are believed. Errors: ERR_LIMIT,
 * ERR_ABORTED, ERR_IO, ERR_NOT_FOUND for `content`.
 */
export async function diff(
  a: ImageOperand,
  b: ImageOperand,
  options: DiffOptions,
  context: RunContext,
): Promise<ImageDiff> {
  const { tolerances = {} } = options
  const ignored = ignoredCounts()
  const sketchers = sketchersFor(a.image, b.image, options)
  const logs = [findingLog(a.archive), findingLog(b.archive)] as const
  const read = await readBoth(a, b, { sketchers, logs, hashAll: options.digests === true }, context)
  const [treeA, treeB] = await withHashesOfChanged(read, [a.image.layers, b.image.layers], context)
  const [sideA, sideB] = [sideOf(a.image, treeA, tolerances), sideOf(b.image, treeB, tolerances)]
  const trees = { a: sideA.side, b: sideB.side, tolerances, ignored }
  const files = joinRenames(diffFiles(trees), trees)
  const packaged = [
    { side: sideA.side, layers: a.image.layers },
    { side: sideB.side, layers: b.image.layers },
  ] as const
  const packages = await diffPackages(...packaged, files, context)
  const documents = diffDocuments(sideA, sideB, { a: a.image, b: b.image }, { tolerances, ignored })
  const layers = documents.notCompared.length > 0 ? [] : layerPairs(a.image, b.image, { treeA, treeB, sketchers })
  const different = layers.filter((pair) => countsAsDifferent(pair, tolerances, ignored))
  const lists = [files, documents.config, documents.history, documents.names.a, documents.names.b, different]
  return {
    equal: lists.every((list) => list.length === 0),
    a: sideA,
    b: sideB,
    files,
    ...documents,
    layers,
    packages,
    ignored: ignored.rows(),
    notCompared: [...documents.notCompared, ...unsupportedOf(packages), ...unreadOf(treeA)],
    content: options.content === undefined ? undefined : await diffContent(options.content, ...packaged, context),
    findings: logs.flatMap(({ findings }) => findings),
  }
}

interface Reading {
  readonly sketchers: ReadonlyMap<Layer, Sketcher>
  readonly logs: readonly [FindingLog, FindingLog]
  readonly hashAll: boolean
}

async function readBoth(
  a: ImageOperand,
  b: ImageOperand,
  { sketchers, logs, hashAll }: Reading,
  context: RunContext,
): Promise<Trees> {
  const watch = (layer: Layer): EntryWatch | undefined => {
    const sketcher = sketchers.get(layer)
    if (sketcher === undefined) return undefined
    const { add: entry, addPlace: place } = sketcher
    return sketcher.withRows ? { entry } : { entry, place }
  }
  const isSpelled = (layer: Layer) => sketchers.get(layer)?.withRows === true
  return hashedTrees(
    { layers: a.image.layers, log: logs[0], watch, isSpelled },
    { layers: b.image.layers, log: logs[1], watch, isSpelled },
    { hashAll },
    context,
  )
}

type Trees = readonly [HashedTree, HashedTree]

/** Files of layers that were not hashed, where the other side has something else at their path or nothing. */
async function withHashesOfChanged(
  [a, b]: Trees,
  [layersA, layersB]: readonly [readonly Layer[], readonly Layer[]],
  context: RunContext,
): Promise<Trees> {
  if (a.allHashed && b.allHashed) return [a, b]
  const [ofA, ofB] = [new Set<Inode>(), new Set<Inode>()]
  for (const pair of zipTrees(a.tree, b.tree, { skipShared: true })) {
    if (pair.a?.inode === pair.b?.inode) continue
    if (pair.a !== undefined && a.isUnhashed(pair.a.inode)) ofA.add(pair.a.inode)
    if (pair.b !== undefined && b.isUnhashed(pair.b.inode)) ofB.add(pair.b.inode)
  }
  const own = await hashFiles(layersA, ofA, context)
  // Most inodes are shared: what side a has hashed needs no second reading.
  const others = await hashFiles(layersB, new Set([...ofB].filter((inode) => !own.has(inode))), context)
  const hashOf = (tree: HashedTree) => (inode: Inode) => own.get(inode) ?? others.get(inode) ?? tree.hashOf(inode)
  return [
    { ...a, hashOf: hashOf(a) },
    { ...b, hashOf: hashOf(b) },
  ]
}

/** Layers of which the other image claims to have no copy are sketched, so that they can be aligned and explained. */
function sketchersFor(a: Image, b: Image, { layers, tolerances = {} }: DiffOptions): Map<Layer, Sketcher> {
  if (isRootfs(a) || isRootfs(b)) return new Map()
  const { fileOrder, tarFormat, fileTimestamps } = tolerances
  const withRows = layers === true || fileOrder === true || tarFormat === true || fileTimestamps === true
  const claimed = (image: Image) => new Set(image.layers.flatMap(({ claims }) => claims.diffID ?? []))
  const [ofA, ofB] = [claimed(a), claimed(b)]
  const alone = (image: Image, others: ReadonlySet<string>) =>
    image.layers.filter(({ claims }) => claims.diffID === undefined || !others.has(claims.diffID))
  return new Map([...alone(a, ofB), ...alone(b, ofA)].map((layer) => [layer, layerSketcher({ withRows })]))
}

function sideOf(image: Image, tree: HashedTree, tolerances: Tolerances): DiffSide & { readonly side: Side } {
  const survey = surveyOf(tree.tree)
  const side = { ...tree, links: survey.links }
  const identity = identify(image, { of: ({ index }) => tree.layers[index] })
  return { ...survey, side, tree, identity, rootfsDigest: rootfsDigest(side, tolerances) }
}

/** A root filesystem says nothing of how it is run: its config is only what docker import would make up. */
function isRootfs({ layers }: Image): boolean {
  return layers.some(({ isWhole }) => isWhole === true)
}

interface Counting {
  readonly tolerances: Tolerances
  readonly ignored: Ignored
}

function diffDocuments(
  a: DiffSide,
  b: DiffSide,
  images: { readonly a: Image; readonly b: Image },
  { tolerances, ignored }: Counting,
): Pick<ImageDiff, 'config' | 'history' | 'names' | 'notCompared'> {
  const rootfs = isRootfs(images.a) ? 'a' : isRootfs(images.b) ? 'b' : undefined
  if (rootfs !== undefined) {
    const why = `side ${rootfs} is a root filesystem and has none`
    const both = isRootfs(images.a) && isRootfs(images.b)
    const notCompared = [
      { what: 'config, history, names, layers', why: both ? 'both sides are root filesystems' : why },
    ]
    return { config: [], history: [], names: { a: [], b: [] }, notCompared }
  }
  const [one, two] = [a.identity.config, b.identity.config]
  const names = diffNames(images.a.names, images.b.names, { tolerances, ignored })
  if (one === undefined || two === undefined) {
    const notCompared = [{ what: 'config, history', why: `side ${one === undefined ? 'a' : 'b'} lost its config` }]
    return { config: [], history: [], names, notCompared }
  }
  return {
    config: diffConfigs(one, two, tolerances, ignored),
    history: diffHistories(one.value.history ?? [], two.value.history ?? [], tolerances, ignored),
    names,
    notCompared: [],
  }
}

/** Names that only one side has. An archive without names says nothing about them. */
function diffNames(a: readonly string[], b: readonly string[], { tolerances, ignored }: Counting): ImageDiff['names'] {
  if (a.length === 0 || b.length === 0) return { a: [], b: [] }
  const [ofA, ofB] = [new Set(a), new Set(b)]
  const names = { a: a.filter((name) => !ofB.has(name)), b: b.filter((name) => !ofA.has(name)) }
  const count = names.a.length + names.b.length
  if (tolerances.imageName !== true || count === 0) return names
  ignored.add('--ignore-image-name', 'names', count)
  return { a: [], b: [] }
}

interface LayersRead {
  readonly treeA: HashedTree
  readonly treeB: HashedTree
  readonly sketchers: ReadonlyMap<Layer, Sketcher>
}

function layerPairs(a: Image, b: Image, { treeA, treeB, sketchers }: LayersRead): LayerPair[] {
  const sketches = new Map<Layer, LayerSketch>()
  for (const [layer, sketcher] of sketchers) sketches.set(layer, sketcher.sketch())
  return diffLayers({ image: a, read: treeA.layers, sketches }, { image: b, read: treeB.layers, sketches })
}

function unreadOf({ trustedLayers }: HashedTree): ImageDiff['notCompared'] {
  if (trustedLayers === 0) return []
  const what = trustedLayers === 1 ? 'the bytes of 1 layer' : `the bytes of ${trustedLayers} layers`
  return [{ what, why: 'both sides claim the same diffID; --digest reads them, verify proves them' }]
}

function unsupportedOf({ unsupported }: PackageDiff): ImageDiff['notCompared'] {
  return unsupported.map(({ side, path }) => ({
    what: `packages of /${path} on side ${side}`,
    why: 'BerkeleyDB is not supported; rpm writes SQLite or ndb since 4.16',
  }))
}
