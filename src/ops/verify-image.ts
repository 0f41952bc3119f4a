import { count } from '../errors.js'
import { isTime } from '../model/config.js'
import type { FindingDetail, FindingLog } from '../model/finding-log.js'
import type { Image } from '../model/image.js'
import { claimedDiffIDs, isDiffID } from './identity.js'

// overlay2 stacks no more (moby daemon/graphdriver/overlay2, maxDepth 128 with room for the container).
const MOST_LAYERS = 125

/** What can be told of an image without reading its layers. */
export function verifyImage(image: Image, log: FindingLog): void {
  if (image.layers.length > MOST_LAYERS) {
    log.add('LAYER_DEPTH', `the image has ${count(image.layers.length, 'layer')}`, { path: image.path })
  }
  if (image.configSource.kind !== 'stored') return
  const { path, offset } = image.configSource
  const place = { path, ...(offset !== undefined && { offset }) }
  verifyRootfs(image, place, log)
  verifyHistory(image, place, log)
  verifyTimes(image, place, log)
}

function verifyRootfs(image: Image, place: FindingDetail, log: FindingLog): void {
  const { rootfs } = image.config
  if (rootfs === undefined) {
    log.add('CONFIG_INVALID', 'the config has no rootfs', place)
    return
  }
  if (rootfs.type !== 'layers') {
    log.add('ROOTFS_TYPE', 'rootfs.type is not layers', {
      ...place,
      expected: 'layers',
      actual: rootfs.type ?? 'nothing',
    })
  }
  const diffIDs = claimedDiffIDs(image)
  if (diffIDs.length !== image.layers.length) {
    log.add('LAYER_COUNT_MISMATCH', `${count(image.layers.length, 'layer')}, ${count(diffIDs.length, 'diffID')}`, {
      ...place,
      expected: String(diffIDs.length),
      actual: String(image.layers.length),
    })
  }
  for (const [layer, diffID] of diffIDs.entries()) {
    if (isDiffID(diffID)) continue
    log.add('DIGEST_INVALID', `rootfs.diff_ids[${layer}] is no sha256 digest`, { ...place, layer, actual: diffID })
  }
}

function verifyHistory({ config, layers }: Image, place: FindingDetail, log: FindingLog): void {
  const { history } = config
  if (history === undefined || history.length === 0) return
  const claimed = history.filter((step) => step.empty_layer !== true).length
  if (claimed === layers.length) return
  const code = claimed > layers.length ? 'HISTORY_MISMATCH' : 'HISTORY_SHORT'
  log.add(code, `the history claims ${count(claimed, 'layer')}, the image has ${layers.length}`, {
    ...place,
    expected: String(claimed),
    actual: String(layers.length),
  })
}

function verifyTimes({ config }: Image, place: FindingDetail, log: FindingLog): void {
  const times = [config.created, ...(config.history ?? []).map((step) => step.created)]
  for (const time of times) {
    if (time === undefined || isTime(time)) continue
    log.add('CONFIG_CREATED_INVALID', `${JSON.stringify(time)} is no time`, { ...place, actual: time })
  }
}
