import type { RunContext } from '../context.js'
import { ArchiveError } from '../errors.js'
import type { Finding } from '../findings.js'
import type { DataRoot, StoreLayer } from '../model/data-root.js'
import { findingLog, type FindingLog } from '../model/finding-log.js'
import type { Image, Layer, LooseBlob } from '../model/image.js'
import type { CensusReport } from '../model/report-store.js'
import { noticeOf } from '../tree/measure-assembly.js'
import { describeFault } from './damaged-file.js'
import { healthOf, imageHealth, worstOf, type LayerHealth } from './layer-health.js'
import { readable } from './list-rows.js'
import { measureLayers, type Measurements } from './measure.js'
import { digestLike, verifyLoose } from './verify-layers.js'

/** What the report of a census carries beside its envelope, with findings that are not described yet. */
export interface Census extends Pick<CensusReport, 'root' | 'drivers' | 'layers' | 'images' | 'containers'> {
  readonly findings: readonly Finding[]
}

/**
 * The state of a whole data-root: every layer is put together and proved, every bad file named, whether an image uses it
 * or not; which images are still whole, and who takes the space. Errors: those of `measure`.
 */
export async function census(root: DataRoot, context: RunContext): Promise<Census> {
  const log = findingLog(root.location)
  const measurements = await measureAll(root, log, context)
  const users = usersOf(root)
  verifyLoose(root.loose, measurements, log)
  const layers: CensusReport['layers'] = []
  for (const one of root.layers) layers.push(await layerRow(one, { measurements, users, log, context }))
  return {
    root: root.location,
    drivers: [...root.drivers],
    layers,
    images: root.images.map((image) => imageRow(root, image, { measurements, users })),
    containers: root.containers.map((container) => {
      const { id, name, imageID, driver, parent } = container
      const state = layers.find(({ chainID }) => chainID === parent)
      return { id, name, imageID, driver, state: parent === undefined ? 'exact' : chainHealth(root, state, layers) }
    }),
    findings: [...root.findings, ...log.findings],
  }
}

/** Layers that are made anew are read one by one: a file that cannot be read costs the one layer. */
async function measureAll(root: DataRoot, log: FindingLog, context: RunContext): Promise<Measurements> {
  const all = new Set([...root.layers.map(({ layer }) => layer), ...root.images.flatMap(({ layers }) => layers)])
  const kept = [...all].filter(({ isRebuilt }) => isRebuilt !== true)
  const trees = new Map(
    root.layers.flatMap(({ layer, unpacked }) => (unpacked === undefined ? [] : [[layer, unpacked]])),
  )
  const measured = await measureLayers(kept, root.loose, context, { trees })
  const rebuilt = new Map<Layer | LooseBlob, Measurements>()
  for (const layer of all) {
    if (layer.isRebuilt !== true) continue
    try {
      rebuilt.set(layer, await measureLayers([layer], [], context))
    } catch (error) {
      if (!(error instanceof ArchiveError) || context.signal?.aborted === true) throw error
      log.addError('STORE_FILE_UNREADABLE', error, { path: layer.path })
    }
  }
  return { of: (blob) => (rebuilt.get(blob) ?? measured).of(blob) }
}

interface Users {
  /** Images by the layers that they use. */
  readonly images: ReadonlyMap<Layer, readonly Image[]>
  /** Names of containers by the chains that they lie on. */
  readonly containers: ReadonlyMap<string, readonly string[]>
}

function usersOf(root: DataRoot): Users {
  const images = new Map<Layer, Image[]>()
  for (const image of root.images) {
    for (const layer of image.layers) images.set(layer, [...(images.get(layer) ?? []), image])
  }
  const containers = new Map<string, string[]>()
  const byChain = new Map(root.layers.map((layer) => [layer.chainID, layer]))
  for (const { name, id, parent } of root.containers) {
    const seen = new Set<string>()
    for (let chainID = parent; chainID !== undefined && !seen.has(chainID); chainID = byChain.get(chainID)?.parent) {
      seen.add(chainID)
      containers.set(chainID, [...(containers.get(chainID) ?? []), name === '' ? id : name])
    }
  }
  return { images, containers }
}

interface Counting {
  readonly measurements: Measurements
  readonly users: Users
}

async function layerRow(
  stored: StoreLayer,
  { measurements, users, log, context }: Counting & { readonly log: FindingLog; readonly context: RunContext },
): Promise<CensusReport['layers'][number]> {
  const { layer, chainID, driver, cacheID, snapshotSize } = stored
  const state = healthOf(layer, measurements)
  const measured = measurements.of(layer)
  const unpacked = state === 'exact' && stored.unpacked !== undefined ? measured?.unpacked : undefined
  const notices = [...(measured?.notices ?? []), ...(unpacked?.faults ?? []).map(noticeOf)].filter(({ code }) =>
    code.startsWith('STORE_'),
  )
  const path = (unpacked && stored.unpacked?.files.base) ?? layer.path
  for (const { code, message, entry } of notices)
    log.add(code, message, { path, ...(entry !== undefined && { entry }) })
  tellBlob(layer, measurements, log)
  const keys = unpacked?.added ?? (state === 'lost' ? [] : await stored.added(context))
  const added = keys.map(readable)
  for (const entry of added) log.add('STORE_FILE_ADDED', 'the file is none of the layer', { path, entry })
  const images = (users.images.get(layer) ?? []).map(idOf)
  const containers = [...(users.containers.get(chainID) ?? [])]
  if (images.length === 0 && containers.length === 0) {
    log.add('STORE_LAYER_ORPHAN', 'no image and no container uses the layer', { path: layer.path })
  }
  return {
    chainID,
    diffID: layer.claims.diffID ?? null,
    driver,
    cacheID: cacheID ?? null,
    size: sizeOf(layer),
    ...(snapshotSize !== undefined && { snapshotSize }),
    state,
    images,
    containers,
    damaged: notices.flatMap(({ fault }) => (fault === undefined ? [] : [describeFault(fault)])),
    added,
  }
}

/** Tells a blob that is not what its manifest claims. */
function tellBlob(layer: Layer, measurements: Measurements, log: FindingLog): void {
  const { digest } = layer.claims
  const measured = measurements.of(layer)
  if (layer.blob === undefined || digest === undefined || measured === undefined) return
  const actual = digestLike(digest, measured)
  if (actual === digest || log.findings.some(({ where }) => where.path === layer.path)) return
  const message = 'the stored bytes of a layer do not have the digest that is claimed'
  log.add('BLOB_DIGEST_MISMATCH', message, { path: layer.path, expected: digest, actual })
}

/**
 * The ID of an image: sha256 of its config, or what its place claims where that cannot be read; of an image from before
 * content addressing the ID that it had then.
 */
export function idOf({ configSource, path, v1ID }: Image): string {
  if (configSource.kind === 'stored') return configSource.document.digest
  if (v1ID !== undefined) return v1ID
  return `sha256:${path.slice(path.lastIndexOf('/') + 1)}`
}

function imageRow(root: DataRoot, image: Image, { measurements, users }: Counting): CensusReport['images'][number] {
  const own = image.layers.filter((layer) => users.images.get(layer)?.length === 1)
  return {
    imageID: idOf(image),
    names: [...image.names],
    repoDigests: [...(image.repoDigests ?? [])],
    sources: [...root.sourcesOf(image)],
    driver: root.driverOf(image),
    state: imageHealth(image, measurements),
    size: sum(image.layers),
    ownSize: sum(own),
  }
}

/** Bytes of the files, or of the blob where that is what is stored. */
function sizeOf({ claims, blob }: Layer): number | null {
  return claims.contentSize ?? blob?.size ?? null
}

function sum(layers: readonly Layer[]): number | null {
  return layers.map(sizeOf).reduce((all, size) => (all === null || size === null ? null : all + size), 0)
}

function chainHealth(
  root: DataRoot,
  top: CensusReport['layers'][number] | undefined,
  rows: CensusReport['layers'],
): LayerHealth {
  const states: LayerHealth[] = []
  const seen = new Set<string>()
  for (let row = top; row !== undefined && !seen.has(row.chainID);) {
    seen.add(row.chainID)
    states.push(row.state)
    const parent = root.layers.find(({ chainID }) => chainID === row?.chainID)?.parent
    if (parent === undefined) return worstOf(states)
    row = rows.find(({ chainID }) => chainID === parent)
  }
  return 'lost'
}
