import type { DiffID } from '../bytes/digest.js'
import { imageConfig, type ImageConfig } from './config.js'
import { rootfsOf } from './derived-config.js'
import { byBytes, goObject, rawMembers } from './go-json.js'
import { documentText, membersOf, parseJson, type RawJson } from './json.js'

/**
 * The config of an image some of whose layers are not the original ones: with their diffIDs, and a comment in the history
 * where a step's layer is not what the step made. `marks` are by layer, base = 0.
 */
export function lossyConfig(
  original: RawJson<ImageConfig>,
  diffIDs: readonly DiffID[],
  marks: ReadonlyMap<number, string>,
): RawJson<ImageConfig> {
  const members = new Map(rawMembers(documentText(original)))
  members.set('rootfs', rootfsOf(diffIDs))
  members.set('history', JSON.stringify(markedHistory(members.get('history') ?? '[]', diffIDs.length, marks)))
  const sorted = [...members].sort(([a], [b]) => byBytes(a, b))
  return parseJson(new TextEncoder().encode(goObject(sorted)), imageConfig, original.location)
}

function markedHistory(text: string, layers: number, marks: ReadonlyMap<number, string>): readonly unknown[] {
  const parsed: unknown = JSON.parse(text)
  const steps: readonly Record<string, unknown>[] = Array.isArray(parsed) ? parsed.map(membersOf) : []
  let layer = 0
  const marked = steps.map((step) => {
    const mark = step.empty_layer === true ? undefined : marks.get(layer)
    if (step.empty_layer !== true) layer += 1
    return mark === undefined ? step : { ...step, comment: commentOf(step, mark) }
  })
  // A history that is too short for its layers could not say which are meant.
  const rest = [...marks].filter(([index]) => index >= layer && index < layers)
  const missing = Array.from({ length: rest.length === 0 ? 0 : layers - layer }, (_, at) => {
    const comment = marks.get(layer + at)
    return { created_by: '', ...(comment !== undefined && { comment }) }
  })
  return [...marked, ...missing]
}

function commentOf({ comment }: Record<string, unknown>, mark: string): string {
  return typeof comment === 'string' && comment !== '' ? `${comment}; ${mark}` : mark
}
