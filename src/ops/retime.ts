import type { RunContext } from '../context.js'
import { ArchiveError } from '../errors.js'
import type { Finding } from '../findings.js'
import type { HistoryEntry } from '../model/config.js'
import { withoutBuilder } from '../model/config-builder.js'
import { findingLog } from '../model/finding-log.js'
import type { Image, Layer } from '../model/image.js'
import type { Retimed as RetimedReport } from '../model/report-written.js'
import { LAST_SECOND, type Retiming } from '../tar/retime.js'
import { retimedTar } from '../tar/retime-tar.js'
import { lentTar, scanLayer } from '../tree/layer-entries.js'
import { refuseHoles } from './merge-whole.js'
import { proveLayers } from './prove-layers.js'
import { changedLayer, knownImage, withLayers, type KnownImage } from './relayer.js'

/** Which times are to become which. */
export interface RetimeOptions {
  /** As the user named it, for findings and errors. */
  readonly archive: string
  /** RFC 3339, whole seconds from 1970 to 2242. */
  readonly to: string
  /** `later`: only times after that, as SOURCE_DATE_EPOCH is meant; `all`: every time that is said. */
  readonly which: Retiming['which']
  /** The first layer with other times, base = 0 (default); those below keep theirs, with the steps that made them. */
  readonly from?: number
  /** Take out of the config what docker's builder says of itself, too: see withoutBuilder. */
  readonly forgetBuilder?: boolean
}

/** The image with other times. */
export interface Retimed {
  readonly image: Image
  readonly retimed: RetimedReport
  readonly findings: readonly Finding[]
}

/**
 * Gives files, history and config of an image other times, so that builds which differ in times alone become the same
 * image: the mtimes of all layers, and times of access, change and creation that a tar may say. All other bytes of a
 * layer stay, and a layer in which no time changes keeps its diffID; where none changes at all the image is the same. The
 * layers are proved first: damage must not get a diffID of its own. Errors: ERR_USAGE for a time that no header holds and
 * for a layer that is not there; ERR_LIMIT; those of proveLayers and knownImage, and of wholeTree for layers that are
 * not whole.
 */
export async function retime(image: Image, options: RetimeOptions, context: RunContext): Promise<Retimed> {
  const { archive, which, from = 0, forgetBuilder = false } = options
  const seconds = secondsOf(options)
  refuseNoLayer(image, from, archive)
  await proveLayers(image.layers, context)
  const found = await knownImage(image, context)
  const known = forgetBuilder ? { ...found, config: withoutBuilder(found.config) } : found
  const log = findingLog(archive)
  const retiming = { seconds, which }
  const layers: Layer[] = image.layers.slice(0, from)
  const changed: RetimedReport['layers'] = []
  for (const layer of image.layers.slice(from)) {
    const entries = await changedEntries(layer, { archive, retiming }, context)
    if (entries > 0) changed.push({ layer: layer.index, entries })
    layers.push(entries > 0 ? retimedLayer(layer, retiming) : layer)
  }
  const times = retimedConfig(known, retiming, from)
  const builder = known.config !== found.config
  const retimed = { to: timeText(seconds), which, layers: changed, config: times.isChanged, builder }
  const isSame = changed.length === 0 && !times.isChanged && !builder
  return { image: isSame ? image : withLayers(known, layers, times), retimed, findings: log.findings }
}

function secondsOf({ to, archive }: RetimeOptions): number {
  const seconds = Date.parse(to) / 1000
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= LAST_SECOND) return seconds
  throw new ArchiveError('ERR_USAGE', `a tar holds whole seconds from 1970 to 2242, not ${to}`, { location: archive })
}

function refuseNoLayer({ layers }: Image, from: number, location: string): void {
  if (from === 0 || from < layers.length) return
  const hint = `the image has ${layers.length === 0 ? 'none' : `0 (base) to ${layers.length - 1}`}`
  throw new ArchiveError('ERR_USAGE', `there is no layer ${from} to begin with`, { location, hint })
}

interface Changing {
  readonly archive: string
  readonly retiming: Retiming
}

/** How many entries of a layer say another time. */
async function changedEntries(layer: Layer, { archive, retiming }: Changing, context: RunContext): Promise<number> {
  let entries = 0
  const onEntry = (isChanged: boolean) => void (entries += isChanged ? 1 : 0)
  const next = retimedLayer(layer, retiming, onEntry)
  // What comes of it is looked at, too.
  const isWhole = await scanLayer(next, { onEntry: () => undefined }, findingLog(archive), context)
  if (isWhole) return entries
  // In the layer itself the fault is where it is told to be.
  const log = findingLog(archive)
  await scanLayer(layer, { onEntry: () => undefined }, log, context)
  refuseHoles(log.findings, archive)
  return entries
}

function retimedLayer(layer: Layer, retiming: Retiming, onEntry?: (isChanged: boolean) => void): Layer {
  return changedLayer(layer, (context) => {
    return retimedTar(lentTar(layer, context), { retiming, limits: context.limits, ...(onEntry && { onEntry }) })
  })
}

interface ConfigTimes {
  readonly history: readonly HistoryEntry[]
  readonly created?: string
  readonly isChanged: boolean
}

/** The times of the image, and of the steps from the one on that follows the layers which are kept. */
function retimedConfig({ config, history }: KnownImage, retiming: Retiming, from: number): ConfigTimes {
  let made = 0
  const steps = history.map((step) => {
    const isKept = made < from
    if (step.empty_layer !== true) made++
    const created = isKept ? step.created : retimedText(step.created, retiming)
    return created === step.created || created === undefined ? step : { ...step, created }
  })
  const before = config.value.created
  const created = retimedText(before, retiming)
  const isChanged = created !== before || steps.some((step, index) => step !== history[index])
  return { history: steps, isChanged, ...(created !== undefined && created !== before && { created }) }
}

function retimedText(text: string | undefined, { seconds, which }: Retiming): string | undefined {
  if (text === undefined || text === '') return text
  return which === 'all' || isLater(text, seconds) ? timeText(seconds) : text
}

// As Go reads times: an hour may have one digit, and a fraction a comma before it.
const TIME = /^(\d{4}-\d\d-\d\d)T(\d{1,2})(:\d\d:\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/

function isLater(text: string, seconds: number): boolean {
  const [, day = '', hour = '', rest = '', fraction = '', zone = ''] = TIME.exec(text) ?? []
  const at = Date.parse(`${day}T${hour.padStart(2, '0')}${rest}${zone}`) / 1000
  return at > seconds || (at === seconds && /[1-9]/.test(fraction))
}

function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}
