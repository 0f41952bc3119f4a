import type { Image, Layer } from '../../model/image.js'
import type { HashedTree } from '../../tree/hashed.js'
import { historyOfLayers } from '../history-steps.js'
import type { Ignored, Tolerances } from '../tolerances.js'
import { align, pairLeftovers, turned, type Aligned } from './align.js'
import { likeness, type LayerSketch } from './layer-sketch.js'
import { sameTar, whyDifferent, type LayerDifference, type LayerWhy } from './layer-why.js'

/** The layers of one side. */
export interface LayerStack {
  readonly image: Image
  readonly read: HashedTree['layers']
  /** Of the layers that the other side does not claim to have. */
  readonly sketches: ReadonlyMap<Layer, LayerSketch>
}

/** One layer of a pair as reports carry it. */
export interface LayerSide {
  readonly index: number
  readonly diffID: string | null
  readonly size: number | null
  readonly diffSize: number | null
  readonly compression: string | null
  readonly createdBy: string | null
}

/** Two layers that belong together, or one that is alone. */
export interface LayerPair {
  readonly a: LayerSide | null
  readonly b: LayerSide | null
  readonly change: 'same' | 'recompressed' | 'modified' | 'added' | 'removed' | 'unreadable'
  readonly pairedBy: 'diffID' | 'history' | 'content' | null
  readonly why?: LayerWhy
}

// Half of the paths in common: by less, every layer of one distribution is like every other.
const LEAST_LIKENESS = 0.5

/** Layers aligned by diffID, then by the step that made them, then by what is in them; base first. */
export function diffLayers(a: LayerStack, b: LayerStack): LayerPair[] {
  const [ofA, ofB] = [sidesOf(a), sidesOf(b)]
  const isTurned = keyOf(ofA) > keyOf(ofB)
  const [one, two] = isTurned ? [b, a] : [a, b]
  const [sidesOne, sidesTwo] = isTurned ? [ofB, ofA] : [ofA, ofB]
  const byID = align(sidesOne.length, sidesTwo.length, (x, y) => isSame(sidesOne[x]?.diffID, sidesTwo[y]?.diffID))
  const byHistory = pairLeftovers(byID, (x, y) => isSame(sidesOne[x]?.createdBy, sidesTwo[y]?.createdBy))
  const byContent = pairLeftovers(byHistory, (x, y) => areAlike(one, two, x, y))
  return turned(byContent, isTurned).map((pair) => pairOf(pair, { a, b, ofA, ofB }))
}

function keyOf(sides: readonly LayerSide[]): string {
  return JSON.stringify(sides.map(({ diffID, createdBy }) => [diffID, createdBy]))
}

function isSame(one: string | null | undefined, two: string | null | undefined): boolean {
  return one === two && one !== null && one !== undefined && one !== ''
}

function areAlike(one: LayerStack, two: LayerStack, x: number, y: number): boolean {
  const [first, second] = [sketchOf(one, x), sketchOf(two, y)]
  return first !== undefined && second !== undefined && likeness(first, second) >= LEAST_LIKENESS
}

function sketchOf({ image, sketches }: LayerStack, index: number): LayerSketch | undefined {
  const layer = image.layers[index]
  return layer === undefined ? undefined : sketches.get(layer)
}

function sidesOf({ image, read }: LayerStack): LayerSide[] {
  const steps = historyOfLayers(image)
  return image.layers.map((layer, index) => {
    const told = read[index]
    return {
      index,
      // What was compared byte for byte with a layer of the same claim was not measured.
      diffID: told?.diffID ?? (told?.twinIsSame === true ? layer.claims.diffID : undefined) ?? null,
      size: layer.blob?.size ?? layer.claims.size ?? null,
      diffSize: told?.diffSize ?? null,
      compression: told?.compression ?? null,
      createdBy: steps[index]?.created_by ?? null,
    }
  })
}

interface Sides {
  readonly a: LayerStack
  readonly b: LayerStack
  readonly ofA: readonly LayerSide[]
  readonly ofB: readonly LayerSide[]
}

function pairOf(pair: Aligned, { a, b, ofA, ofB }: Sides): LayerPair {
  const one = (pair.a === undefined ? undefined : ofA[pair.a]) ?? null
  const two = (pair.b === undefined ? undefined : ofB[pair.b]) ?? null
  if (one === null || two === null) {
    return { a: one, b: two, change: one === null ? 'added' : 'removed', pairedBy: null }
  }
  if (one.diffID === null || two.diffID === null) return { a: one, b: two, change: 'unreadable', pairedBy: 'history' }
  if (one.diffID === two.diffID) {
    const isStoredAlike = one.compression === two.compression && one.size === two.size
    const change = isStoredAlike ? 'same' : 'recompressed'
    return { a: one, b: two, change, pairedBy: 'diffID', ...(!isStoredAlike && { why: sameTar(one.diffID) }) }
  }
  const pairedBy = isSame(one.createdBy, two.createdBy) ? 'history' : 'content'
  const [first, second] = [sketchOf(a, one.index)?.rows, sketchOf(b, two.index)?.rows]
  const why = first === undefined || second === undefined ? {} : { why: whyDifferent(first, second) }
  return { a: one, b: two, change: 'modified', pairedBy, ...why }
}

/** Whether a pair counts as a difference under tolerances; what they hide is counted. */
export function countsAsDifferent({ change, why }: LayerPair, tolerances: Tolerances, ignored: Ignored): boolean {
  if (change === 'same' || change === 'recompressed') return false
  if (change !== 'modified' || why === undefined) return true
  const hidden = why.differs.map((difference) => ruleFor(difference, tolerances))
  if (hidden.includes(undefined)) return true
  ignored.add(hidden.join(', '), 'layers')
  return false
}

function ruleFor(difference: LayerDifference, tolerances: Tolerances): string | undefined {
  if (difference === 'mtimes' && tolerances.fileTimestamps === true) return '--ignore-timestamps'
  if (difference === 'order' && tolerances.fileOrder === true) return '--ignore-file-order'
  if (difference === 'dialect' && tolerances.tarFormat === true) return '--ignore-tar-format'
  return undefined
}
