import type { FindingLog } from '../../model/finding-log.js'
import { DRIVERS, type Driver } from './drivers.js'
import type { Store } from './store.js'

/** The images of one storage driver in a data-root; several drivers may have been used in turn. */
export interface DriverRoot {
  /** Key of the data-root, which may lie deeper than where the user pointed. */
  readonly root: string
  readonly driver: Driver
  /** Key of `image/DRIVER`. */
  readonly image: string
}

/** Whether a folder has images of a storage driver, in the layout that docker has since 1.10. */
export function hasDrivers(store: Store, key: string): boolean {
  return store.list(join(key, 'image')).some((name) => isImageRoot(store, join(key, `image/${name}`)))
}

function isImageRoot(store: Store, key: string): boolean {
  return store.typeOf(`${key}/layerdb`) === 'directory' || store.typeOf(`${key}/imagedb`) === 'directory'
}

/** The storage drivers of a data-root; those that keep no directories are told. */
export function driversIn(store: Store, root: string, log: FindingLog): readonly DriverRoot[] {
  const names = store.list(join(root, 'image')).filter((name) => isImageRoot(store, join(root, `image/${name}`)))
  return names.flatMap((name) => {
    const driver = DRIVERS.get(name)
    const image = join(root, `image/${name}`)
    if (driver !== undefined) return [{ root, driver, image }]
    log.add('STORE_DRIVER', `the layers of the ${name} driver are no directories`, { path: image, actual: name })
    return []
  })
}

/** Two keys with a slash between them; the root is ''. */
export function join(key: string, name: string): string {
  return key === '' ? name : `${key}/${name}`
}

/**
 * Tells the signs of a daemon that runs on the data-root, whose files may change under our hands. `homes` are the folders
 * that its parts lie in.
 */
export function tellAllRunning(
  store: Store,
  { drivers, homes }: { readonly drivers: readonly DriverRoot[]; readonly homes: readonly string[] },
  log: FindingLog,
): void {
  for (const path of runningSigns(store, { drivers, homes })) {
    const what = path.endsWith('.pid') ? 'there is a docker.pid' : 'the root filesystem of a container is mounted'
    log.add('STORE_IN_USE', `${what}: the daemon seems to run, or did not stop in order`, { path })
  }
}

/** Keys of what is there only while a daemon runs, or after one that did not stop in order. */
function runningSigns(
  store: Store,
  { drivers, homes }: { readonly drivers: readonly DriverRoot[]; readonly homes: readonly string[] },
): readonly string[] {
  const pids = homes.map((home) => join(home, 'docker.pid')).filter((path) => store.typeOf(path) === 'file')
  const mounted = drivers.flatMap(({ root, driver }) => {
    const home = join(root, driver.home)
    const id = store.list(home).find((one) => store.list(`${home}/${one}/merged`).length > 0)
    return id === undefined ? [] : [`${home}/${id}/merged`]
  })
  return [...pids, ...mounted]
}
