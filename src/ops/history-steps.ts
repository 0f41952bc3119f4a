import type { HistoryEntry } from '../model/config.js'
import type { Image } from '../model/image.js'

/** The history step that made each layer, base first; undefined where the history is too short. */
export function historyOfLayers(image: Image): readonly (HistoryEntry | undefined)[] {
  const steps = (image.config.history ?? []).filter((step) => step.empty_layer !== true)
  return image.layers.map((_, index) => steps[index])
}

/** The steps of a history, base first, each with the index of the layer it made. */
export function stepsOf(image: Image): readonly { readonly step: HistoryEntry; readonly layer: number | undefined }[] {
  let next = 0
  return (image.config.history ?? []).map((step) => {
    const makesLayer = step.empty_layer !== true && next < image.layers.length
    return { step, layer: makesLayer ? next++ : undefined }
  })
}
