import { ArchiveError } from '../../errors.js'
import type { Layer } from '../../model/image.js'
import type { Container } from './container-store.js'
import { layerKey } from './drivers.js'
import { readChain, type RootReading } from './image-store.js'
import { layerRecord, layersKey } from './layer-store.js'
import { join, type DriverRoot } from './layout.js'
import { readText, type Store } from './store.js'
import { storeTar, type StoreTarOptions, type TreeForm } from './store-tar.js'

/** Where the parts of a container lie. */
export interface ContainerMount {
  /** The driver's name for what the container wrote. */
  readonly mountID: string
  /** The driver's name for what docker put in for the container. */
  readonly initID: string | undefined
  /** chainID of the top layer of its image; undefined for a container of an empty image. */
  readonly parent: string | undefined
}

/** What layerdb says of a container's layers; undefined where that is lost. */
export function containerMount({ store, context }: RootReading, { root, id }: Container): ContainerMount | undefined {
  const key = `${root.image}/layerdb/mounts/${id}`
  const text = (name: string) => readText(store, `${key}/${name}`, context.limits)
  const [mountID, initID] = [text('mount-id'), text('init-id')]
  if (mountID === undefined || !isName(mountID)) return undefined
  return { mountID, initID: initID !== undefined && isName(initID) ? initID : undefined, parent: text('parent') }
}

function isName(text: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(text)
}

/** The layers of a container, base first. Errors: ERR_NOT_FOUND where its mount is not known. */
export async function containerLayers(reading: RootReading, container: Container): Promise<readonly Layer[]> {
  const { store, log } = reading
  const { root } = container
  const mount = mountOf(reading, container)
  const home = join(root.root, root.driver.home)
  const own = (id: string) => layerKey(root.root, root.driver, id)
  const tree = (index: number, key: string, form: TreeForm) => treeLayer(reading, index, key, form)
  if (root.driver.name === 'overlay') {
    const lower = readText(store, `${home}/${mount.mountID}/lower-id`, reading.context.limits)
    const below = lower !== undefined && isName(lower) ? [await tree(0, own(lower), 'tree')] : []
    return [...below, await tree(below.length, `${home}/${mount.mountID}/upper`, 'overlay')]
  }
  if (root.driver.content === 'tree') return [await tree(0, own(mount.mountID), 'tree')]
  const form: TreeForm = root.driver.whiteouts === 'aufs' ? 'aufs' : 'overlay'
  const chain = mount.parent === undefined ? [] : readChain(reading, root, mount.parent)
  const init = mount.initID === undefined ? [] : [await tree(chain.length, own(mount.initID), form)]
  if (store.typeOf(own(mount.mountID)) !== 'directory') {
    log.add('STORE_CONTAINER', 'what the container wrote is gone', { path: own(mount.mountID) })
  }
  return [...chain, ...init, await tree(chain.length + init.length, own(mount.mountID), form)]
}

function mountOf(reading: RootReading, container: Container): ContainerMount {
  const mount = containerMount(reading, container)
  if (mount !== undefined) return mount
  const message = `layerdb does not know where container ${container.name} lies`
  throw new ArchiveError('ERR_NOT_FOUND', message, { location: reading.store.location })
}

/**
 * What a container wrote, as docker makes a layer of it: what lies in its own folder, or where a driver keeps whole trees,
 * what is other than in the tree that it began with. Errors: ERR_NOT_FOUND where its mount is not known.
 */
export async function writtenLayer(
  reading: RootReading,
  container: Container,
  { index, engine }: { readonly index: number; readonly engine?: number },
): Promise<Layer> {
  const { root, driver } = container.root
  const mount = mountOf(reading, container)
  const headers = engine === undefined ? {} : { engine }
  if (driver.name === 'overlay') {
    return treeLayer(reading, index, `${join(root, driver.home)}/${mount.mountID}/upper`, 'overlay', headers)
  }
  const own = layerKey(root, driver, mount.mountID)
  if (driver.content !== 'tree') {
    return treeLayer(reading, index, own, driver.whiteouts === 'aufs' ? 'aufs' : 'overlay', headers)
  }
  if (mount.initID === undefined) {
    const message = `layerdb does not know what container ${container.name} began with`
    throw new ArchiveError('ERR_NOT_FOUND', message, { location: reading.store.location })
  }
  const key = layerKey(root, driver, mount.initID)
  return treeLayer(reading, index, own, 'tree', {
    ...headers,
    base: { key, xattrs: await reading.store.xattrsBelow(key) },
  })
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
  return treeLayer(reading, layer.index, key, root.driver.whiteouts === 'aufs' ? 'aufs' : 'overlay')
}

/** The layer that a stored tree is. */
export async function treeLayer(
  { store, log }: RootReading,
  index: number,
  key: string,
  form: TreeForm,
  more: Pick<StoreTarOptions, 'engine' | 'base'> = {},
): Promise<Layer> {
  const xattrs = await store.xattrsBelow(key)
  if (xattrs === undefined && hasDirectories(store, key)) {
    log.add('STORE_XATTRS_UNKNOWN', 'which folders hide what is below them cannot be told', { path: key })
  }
  return {
    index,
    state: 'assembled',
    path: key,
    claims: {},
    blob: undefined,
    tar: (context) => storeTar(store, key, { form, xattrs: xattrs ?? new Map(), ...more }, context),
  }
}

function hasDirectories(store: Store, key: string): boolean {
  return store.list(key).some((name) => store.typeOf(`${key}/${name}`) === 'directory')
}
