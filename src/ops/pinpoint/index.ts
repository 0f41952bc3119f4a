import type { ByteSource } from '../../bytes/source.js'
import type { RunContext } from '../../context.js'
import { ArchiveError } from '../../errors.js'
import type { Finding } from '../../findings.js'
import { findingLog, type FindingLog } from '../../model/finding-log.js'
import type { ImageArchive, Layer } from '../../model/image.js'
import type { Measurement } from '../../tar/measurement.js'
import { claimedDiffIDs } from '../identity.js'
import type { Measurements } from '../measure.js'
import { placeOfClue, type Clue } from './clue.js'
import { cluesInside } from './inside.js'
import { cluesFromSibling, type Sibling } from './sibling.js'
import { cluesFromSidecar } from './sidecar.js'
import { cluesFromStructure } from './structure.js'

/** A layer that is not what the archive claims, by its place: the archive may be opened again to look at it. */
export interface DamagedLayer {
  readonly image: number
  readonly layer: number
  readonly measured: Measurement
}

/** What to hold damaged layers against, beside what the image itself knows. */
export interface Evidence {
  /** Opened archives in which other copies of the layers may be. */
  readonly against: readonly ImageArchive[]
  /** tar-split sidecars. */
  readonly sidecars: readonly ByteSource[]
}

/** The layers whose bytes are not what is claimed for them; one that several images share comes once. */
export function damagedLayers(archive: ImageArchive, measurements: Measurements): readonly DamagedLayer[] {
  const found: DamagedLayer[] = []
  const seen = new Set<string>()
  for (const [at, image] of archive.images.entries()) {
    const claimed = claimedDiffIDs(image)
    for (const layer of image.layers) {
      const measured = measurements.of(layer)
      if (measured === undefined || !isDamaged(layer, measured) || seen.has(layer.path)) continue
      // Layers in the wrong order are not damaged.
      if (measured.diffID !== undefined && claimed.includes(measured.diffID)) continue
      seen.add(layer.path)
      found.push({ image: at, layer: layer.index, measured })
    }
  }
  return found
}

function isDamaged({ claims }: Layer, { diffID, digest, compression, notices }: Measurement): boolean {
  const { diffID: claimed } = claims
  if (claimed !== undefined) return diffID !== claimed
  const isOther = claims.digest?.startsWith('sha256:') === true && claims.digest !== digest && compression === 'none'
  return isOther || diffID === undefined || notices.some(({ code }) => code === 'LAYER_TAR')
}

// For each, all layers below are read. Where more are damaged, no single place is to blame.
const MOST_LAYERS = 16

/**
 * Finds out where in damaged layers the damage lies, and in which files: by the structure of the tar and of the
 * compression, by checksums that packages keep, by sidecars and other copies. The archive must be open for reading at
 * random. Errors: those of readSplit for a sidecar that is none, ERR_IO, ERR_ABORTED.
 */
export async function pinpoint(
  archive: ImageArchive,
  damaged: readonly DamagedLayer[],
  evidence: Evidence,
  context: RunContext,
): Promise<readonly Finding[]> {
  const log = findingLog(archive.location)
  const used = new Set<unknown>()
  for (const one of damaged.slice(0, MOST_LAYERS)) {
    const layers = archive.images[one.image]?.layers ?? []
    const layer = layers[one.layer]
    if (layer === undefined || layer.state === 'missing') continue
    const done = { done: one.layer, total: layers.length, unit: 'layer' }
    context.onProgress?.({ task: 'pinpoint', subject: layer.path, ...done })
    const clues = await cluesOn({ layers, layer, measured: one.measured }, evidence, used, context)
    tell(layer, one.measured, clues, log)
  }
  const left = damaged.length - MOST_LAYERS
  if (left > 0) {
    const more = `${left} more damaged ${left === 1 ? 'layer was' : 'layers were'} not looked into`
    log.add('DAMAGE_UNPLACED', `${more}: so many that no single place is to blame`)
  }
  if (damaged.length > 0) tellUnused(evidence, used, log)
  return log.findings
}

/** What is said of damaged layers that came through a pipe: they cannot be looked at again. */
export function gone({ location }: ImageArchive, damaged: readonly DamagedLayer[]): readonly Finding[] {
  const log = findingLog(location)
  if (damaged.length > 0) {
    const layers = `${damaged.length} damaged ${damaged.length === 1 ? 'layer' : 'layers'}`
    log.add(
      'DAMAGE_UNPLACED',
      `${layers} came through a pipe: give the archive as a file to learn which files are damaged`,
    )
  }
  return log.findings
}

interface Suspect {
  readonly layers: readonly Layer[]
  readonly layer: Layer
  readonly measured: Measurement
}

/** A whole copy says all; only without one the rest is asked. */
async function cluesOn(
  { layers, layer, measured }: Suspect,
  evidence: Evidence,
  used: Set<unknown>,
  context: RunContext,
): Promise<readonly Clue[]> {
  const structure = await cluesFromStructure(layer, measured, context)
  for (const sibling of siblingsOf(layer, evidence.against)) {
    const clues = await cluesFromSibling(layer, sibling, context)
    if (clues === undefined) continue
    used.add(sibling.archive)
    return clues
  }
  for (const sidecar of evidence.sidecars) {
    const clues = await cluesFromSidecar(layer, sidecar, context)
    if (clues === undefined) continue
    used.add(sidecar)
    return [...structure, ...clues]
  }
  return [...structure, ...(await cluesInside(layers, layer.index, context).catch(asNone))]
}

// An image that is over a limit is told to be by others; here it is one that nothing is known of.
function asNone(error: unknown): readonly Clue[] {
  if (error instanceof ArchiveError && error.code !== 'ERR_IO' && error.code !== 'ERR_ABORTED') return []
  throw error
}

function* siblingsOf({ claims }: Layer, against: readonly ImageArchive[]): Generator<Sibling> {
  if (claims.diffID === undefined) return
  for (const { images, location } of against) {
    const layer = images
      .flatMap((image) => image.layers)
      .find((one) => {
        return one.state !== 'missing' && one.claims.diffID === claims.diffID
      })
    if (layer !== undefined) yield { layer, archive: location }
  }
}

function tell(layer: Layer, { compression }: Measurement, clues: readonly Clue[], log: FindingLog): void {
  const { path, index, offset } = layer
  const base = {
    path,
    layer: index,
    isPlain: compression === 'none' && layer.state === 'stored',
    ...(offset !== undefined && { offset }),
  }
  for (const clue of clues) log.add(clue.code, clue.message, placeOfClue(clue, base))
  if (clues.length > 0) return
  log.add('DAMAGE_UNPLACED', `nothing tells what of layer ${index} is damaged`, placeOfClue(UNPLACED, base))
}

const UNPLACED: Clue = { code: 'DAMAGE_UNPLACED', message: '' }

function tellUnused({ against, sidecars }: Evidence, used: ReadonlySet<unknown>, log: FindingLog): void {
  for (const { location } of against) {
    if (used.has(location)) continue
    log.add('EVIDENCE_UNRELATED', `${location} has no whole copy of a damaged layer`)
  }
  for (const sidecar of sidecars) {
    if (used.has(sidecar)) continue
    log.add('EVIDENCE_UNRELATED', `${sidecar.location} is the sidecar of no damaged layer`)
  }
}
