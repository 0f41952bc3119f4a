import { ArchiveError } from '../../errors.js'
import type { Layer } from '../../model/image.js'
import { layerKey, type Driver } from './drivers.js'
import { join } from './layout.js'
import type { RootReading } from './reading.js'
import { readText, type Store } from './store.js'
import { storeTar, type StoreTarOptions, type TreeForm } from './store-tar.js'

/** Where the parts of a container lie, whatever says so. */
export interface ContainerPlace {
  readonly name: string
  /** Key of the data-root. */
  readonly root: string
  readonly driver: Driver
  /** The driver's name for what the container wrote. */
  readonly mountID: string
  /** The driver's name for what docker put in for the container. */
  readonly initID: string | undefined
  /** The layers of its image, base first. */
  chain(): readonly Layer[]
}

/** The layers of a container, base first; drivers that keep whole trees give them as one, `overlay` as two. */
export async function placedLayers(reading: RootReading, place: ContainerPlace): Promise<readonly Layer[]> {
  const { store, log } = reading
  const { root, driver, mountID, initID } = place
  const own = (id: string) => layerKey(root, driver, id)
  const tree = (index: number, key: string, form: TreeForm) => treeLayer(reading, index, key, form)
  const written = driver.name === 'overlay' ? upperOf(place, mountID) : own(mountID)
  if (store.typeOf(written) !== 'directory') {
    log.add('STORE_CONTAINER', 'what the container wrote is gone', { path: written })
  }
  if (driver.name === 'overlay') {
    const lower = readText(store, `${join(root, driver.home)}/${mountID}/lower-id`, reading.context.limits)
    const below = lower !== undefined && isFolderName(lower) ? [await tree(0, own(lower), 'tree')] : []
    return [...below, await tree(below.length, written, 'overlay')]
  }
  if (driver.content === 'tree') return [await tree(0, written, 'tree')]
  const form = formOf(driver)
  const chain = place.chain()
  const init = initID === undefined ? [] : [await tree(chain.length, own(initID), form)]
  return [...chain, ...init, await tree(chain.length + init.length, written, form)]
}

/** Whether a text names a folder of a driver and leads nowhere else. */
export function isFolderName(text: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(text)
}

/** How a driver that keeps what a layer adds marks what is deleted. */
export function formOf({ whiteouts }: Driver): TreeForm {
  return whiteouts === 'aufs' ? 'aufs' : 'overlay'
}

function upperOf({ root, driver }: ContainerPlace, id: string): string {
  return `${join(root, driver.home)}/${id}/upper`
}

/**
 * What a container wrote, as docker makes a layer of it: what lies in its own folder, or where that began as a copy of
 * what docker put in, what is other than there. Errors: ERR_NOT_FOUND where nothing says what it began with.
 */
export async function placedChanges(
  reading: RootReading,
  place: ContainerPlace,
  { index, engine }: { readonly index: number; readonly engine?: number },
): Promise<Layer> {
  const { root, driver, mountID, initID, name } = place
  const headers = engine === undefined ? {} : { engine }
  const grown = async (key: string, from: string, form: TreeForm) => {
    const base = { key: from, xattrs: await reading.store.xattrsBelow(from) }
    return treeLayer(reading, index, key, form, { ...headers, base })
  }
  if (driver.name === 'overlay') {
    const upper = upperOf(place, mountID)
    const init = initID === undefined ? undefined : upperOf(place, initID)
    const isThere = init !== undefined && reading.store.typeOf(init) === 'directory'
    return isThere ? grown(upper, init, 'overlay') : treeLayer(reading, index, upper, 'overlay', headers)
  }
  const own = layerKey(root, driver, mountID)
  if (driver.content !== 'tree') return treeLayer(reading, index, own, formOf(driver), headers)
  if (initID === undefined) {
    const message = `nothing says what container ${name} began with`
    throw new ArchiveError('ERR_NOT_FOUND', message, { location: reading.store.location })
  }
  return grown(own, layerKey(root, driver, initID), 'tree')
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
    ...(store.node(key)?.isShifted === true && { hasShiftedOwners: true }),
    tar: (context) => storeTar(store, key, { form, xattrs: xattrs ?? new Map(), ...more }, context),
  }
}

function hasDirectories(store: Store, key: string): boolean {
  return store.list(key).some((name) => store.typeOf(`${key}/${name}`) === 'directory')
}
