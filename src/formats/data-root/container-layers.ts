import { ArchiveError } from '../../errors.js'
import type { Layer } from '../../model/image.js'
import { formOf, isFolderName, placedChanges, placedLayers, treeLayer, type ContainerPlace } from './container-place.js'
import type { Container } from './container-store.js'
import { layerKey } from './drivers.js'
import { readChain } from './image-store.js'
import { layerRecord, layersKey } from './layer-store.js'
import type { DriverRoot } from './layout.js'
import type { RootReading } from './reading.js'
import { readText } from './store.js'

/** Where the parts of a container lie. */
export interface ContainerMount extends Pick<ContainerPlace, 'mountID' | 'initID'> {
  /** chainID of the top layer of its image; undefined for a container of an empty image. */
  readonly parent: string | undefined
}

/** What layerdb says of a container's layers; undefined where that is lost. */
export function containerMount({ store, context }: RootReading, { root, id }: Container): ContainerMount | undefined {
  const key = `${root.image}/layerdb/mounts/${id}`
  const text = (name: string) => readText(store, `${key}/${name}`, context.limits)
  const [mountID, initID] = [text('mount-id'), text('init-id')]
  if (mountID === undefined || !isFolderName(mountID)) return undefined
  return { mountID, initID: initID !== undefined && isFolderName(initID) ? initID : undefined, parent: text('parent') }
}

/** The layers of a container, base first. Errors: ERR_NOT_FOUND where its mount is not known. */
export async function containerLayers(reading: RootReading, container: Container): Promise<readonly Layer[]> {
  return placedLayers(reading, placeOf(reading, container))
}

function placeOf(reading: RootReading, container: Container): ContainerPlace {
  const { name, root } = container
  const mount = containerMount(reading, container)
  if (mount === undefined) {
    const message = `layerdb does not know where container ${name} lies`
    throw new ArchiveError('ERR_NOT_FOUND', message, { location: reading.store.location })
  }
  const { mountID, initID, parent } = mount
  const chain = () => (parent === undefined ? [] : readChain(reading, root, parent))
  return { name, root: root.root, driver: root.driver, mountID, initID, chain }
}

/** What a container wrote; see placedChanges. Errors: ERR_NOT_FOUND where its mount is not known. */
export async function writtenLayer(
  reading: RootReading,
  container: Container,
  options: { readonly index: number; readonly engine?: number },
): Promise<Layer> {
  return placedChanges(reading, placeOf(reading, container), options)
}

/** See DataRoot.rebuilt; a layer's path is that of its record. */
export async function rebuiltLayer(
  reading: RootReading,
  roots: readonly DriverRoot[],
  layer: Layer,
): Promise<Layer | undefined> {
  const root = roots.find((one) => layer.path.startsWith(`${layersKey(one)}/`))
  if (root === undefined || root.driver.content === 'tree') return undefined
  const chainID = `sha256:${layer.path.slice(layersKey(root).length + 1)}`
  const cacheID = layerRecord(reading.store, root, chainID, reading.context)?.cacheID
  const key = cacheID === undefined ? undefined : layerKey(root.root, root.driver, cacheID)
  if (key === undefined || reading.store.typeOf(key) !== 'directory') return undefined
  return treeLayer(reading, layer.index, key, formOf(root.driver))
}
