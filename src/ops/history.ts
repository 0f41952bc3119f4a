import type { RunContext } from '../context.js'
import type { Image } from '../model/image.js'
import type { HistoryReport } from '../model/report.js'
import { stepsOf } from './history-steps.js'
import { identify } from './identity.js'
import { measureLayers, UNMEASURED } from './measure.js'
import { sizesOf } from './sizes.js'

/** What the report of a history carries beside its envelope. */
export type History = Pick<HistoryReport, 'imageID' | 'history'>

/** The steps that made an image, newest first as `docker history` prints them, with the size of what each added. */
export async function history(image: Image, context: RunContext): Promise<History> {
  const isDerived = image.configSource.kind === 'derived'
  const measurements = isDerived ? await measureLayers(image.layers, [], context) : UNMEASURED
  const { imageID, diffIDs, config } = identify(image, measurements)
  const sizes = await sizesOf(image.layers, measurements, context)
  const whole: Image = config === undefined ? image : { ...image, config: config.value }
  const steps = stepsOf(whole).map(({ step, layer }) => {
    const made = layer === undefined ? undefined : image.layers[layer]
    return {
      created: step.created ?? null,
      createdBy: step.created_by ?? '',
      comment: step.comment ?? '',
      size: made === undefined ? 0 : (sizes.get(made) ?? null),
      emptyLayer: layer === undefined,
      diffID: layer === undefined ? null : (diffIDs[layer] ?? null),
      layer: layer ?? null,
    }
  })
  return { imageID: imageID ?? image.v1ID ?? '', history: steps.reverse() }
}
