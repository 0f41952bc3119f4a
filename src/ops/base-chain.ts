import type { DiffID } from '../bytes/digest.js'
import type { Image, Layer } from '../model/image.js'

/** Tells the layers of an image that bases provide: those below which, themselves included, everything is one base's. */
export type ProvidedLayers = (image: Image) => readonly Layer[]

/** The diffIDs that bases have on top of what led here. */
type Step = Map<DiffID, Step>

/** Learns the chains of bases once, however many images are held against them. */
export function providedBy(bases: readonly Image[]): ProvidedLayers {
  const root: Step = new Map()
  for (const { layers } of bases) addChain(root, layers)
  return ({ layers }) => layers.slice(0, sharedLength(root, layers))
}

function addChain(root: Step, layers: readonly Layer[]): void {
  let step = root
  for (const { claims } of layers) {
    if (claims.diffID === undefined) return
    const next: Step = step.get(claims.diffID) ?? new Map<DiffID, Step>()
    step.set(claims.diffID, next)
    step = next
  }
}

function sharedLength(root: Step, layers: readonly Layer[]): number {
  let step: Step | undefined = root
  for (const [length, { claims }] of layers.entries()) {
    step = claims.diffID === undefined ? undefined : step.get(claims.diffID)
    if (step === undefined) return length
  }
  return layers.length
}
