import type { RunContext } from '../context.js'
import type { Finding } from '../findings.js'
import type { DataRoot, StoreLayer } from '../model/data-root.js'
import { findingLog, type FindingLog } from '../model/finding-log.js'
import type { Image, Layer } from '../model/image.js'
import type { CensusReport } from '../model/report-store.js'
import { latin1Bytes } from '../tar/path.js'
import { describeFault, describeName } from './damaged-file.js'
import { measureLayers, type Measurements } from './measure.js'

/** What the report of a census carries beside its envelope, with findings that are not described yet. */
export interface Census extends Pick<CensusReport, 'root' | 'drivers' | 'layers' | 'images' | 'containers'> {
  readonly findings: readonly Finding[]
}

/** Whether a layer can be rebuilt bit by bit. */
export type LayerHealth = CensusReport['layers'][number]['state']

/**
 * The state of a whole data-root: every layer is put together and proved, every bad file named, whether an image uses it
 * or not; which images are still whole, and who takes the space. Errors: those of `measure`.
 */
export async function census(root: DataRoot, context: RunContext): Promise<Census> {
  const log = findingLog(root.location)
  const stored = root.layers.map(({ layer }) => layer)
  const measurements = await measureLayers(
    [...new Set([...stored, ...root.images.flatMap(({ layers }) => layers)])],
    [],
    context,
  )
  const users = usersOf(root)
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

/** Whether a layer comes out as the image has it; docker up to 1.9 claims nothing, but keeps a checksum of every file. */
export function healthOf(layer: Layer, measurements: Measurements): LayerHealth {
  const measured = measurements.of(layer)
  if (measured?.diffID === undefined) return 'lost'
  const { diffID } = layer.claims
  const isUndamaged = measured.notices.every(({ fault }) => fault === undefined)
  const isUnclaimed = diffID === undefined && layer.assembly !== undefined
  return (isUnclaimed && isUndamaged) || measured.diffID === diffID ? 'exact' : 'damaged'
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
  const { layer, chainID, driver, cacheID } = stored
  const state = healthOf(layer, measurements)
  const notices = (measurements.of(layer)?.notices ?? []).filter(({ code }) => code.startsWith('STORE_'))
  for (const { code, message, entry } of notices) {
    log.add(code, message, { path: layer.path, ...(entry !== undefined && { entry }) })
  }
  const added = state === 'lost' ? [] : (await stored.added(context)).map((key) => describeName(latin1Bytes(key)).path)
  for (const entry of added) log.add('STORE_FILE_ADDED', 'the file is none of the layer', { path: layer.path, entry })
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
    size: layer.claims.contentSize ?? null,
    state,
    images,
    containers,
    damaged: notices.flatMap(({ fault }) => (fault === undefined ? [] : [describeFault(fault)])),
    added,
  }
}

/**
 * The ID of an image: sha256 of its config, or what its place claims where that cannot be read; of an image from before
 * content addressing the ID that it had then.
 */
export function idOf({ configSource, path }: Image): string {
  if (configSource.kind === 'stored') return configSource.document.digest
  if (configSource.kind === 'derived') return path.replace(/\/json$/, '').replace(/^.*\//, '')
  return `sha256:${path.slice(path.lastIndexOf('/') + 1)}`
}

function imageRow(root: DataRoot, image: Image, { measurements, users }: Counting): CensusReport['images'][number] {
  const sizes = image.layers.map(({ claims }) => claims.contentSize)
  const own = image.layers.filter((layer) => users.images.get(layer)?.length === 1)
  return {
    imageID: idOf(image),
    names: [...image.names],
    repoDigests: [...(image.repoDigests ?? [])],
    sources: [...root.sourcesOf(image)],
    driver: root.driverOf(image),
    state: imageHealth(image, measurements),
    size: sum(sizes),
    ownSize: sum(own.map(({ claims }) => claims.contentSize)),
  }
}

/** Whether an image can be recovered bit by bit. */
function imageHealth({ configSource, layers }: Image, measurements: Measurements): LayerHealth {
  if (configSource.kind === 'absent') return 'lost'
  const states = layers.map((layer) => healthOf(layer, measurements))
  if (states.includes('lost')) return 'lost'
  const isConfig =
    configSource.kind === 'derived' || configSource.path.endsWith(configSource.document.digest.slice('sha256:'.length))
  return isConfig && !states.includes('damaged') ? 'exact' : 'damaged'
}

function sum(sizes: readonly (number | undefined)[]): number | null {
  return sizes.reduce<number | null>((all, size) => (all === null || size === undefined ? null : all + size), 0)
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
    if (parent === undefined) return states.includes('lost') ? 'lost' : states.includes('damaged') ? 'damaged' : 'exact'
    row = rows.find(({ chainID }) => chainID === parent)
  }
  return 'lost'
}
