import type { FindingLog } from '../../model/finding-log.js'
import { ArchiveError } from '../../errors.js'
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

const MOST_DEPTH = 4

/**
 * Where the data-roots are below what the user named: the place itself, the `uid.gid` folders of user namespaces, or
 * deeper in a tar of a whole disk. Errors: ERR_NOT_ARCHIVE where there is none, saying what is there instead.
 */
export function driverRoots(store: Store, log: FindingLog): readonly DriverRoot[] {
  const roots = rootsBelow(store, '', MOST_DEPTH)
  const found = roots.flatMap((root) => driversIn(store, root, log))
  if (found.length > 0) return found
  const location = store.location
  if (roots.length > 0) {
    throw new ArchiveError('ERR_UNSUPPORTED', 'the storage drivers of this data-root keep no directories', { location })
  }
  throw new ArchiveError('ERR_NOT_ARCHIVE', 'this is no data-root of docker: there is no image/DRIVER/layerdb', {
    location,
    hint: 'name the folder that docker info calls Docker Root Dir, as root: /var/lib/docker',
  })
}

function rootsBelow(store: Store, key: string, depth: number): readonly string[] {
  const here = store.list(join(key, 'image')).some((name) => isImageRoot(store, join(key, `image/${name}`)))
  const names = here ? store.list(key).filter((name) => /^\d+\.\d+$/.test(name)) : depth === 0 ? [] : store.list(key)
  const below = names
    .filter((name) => store.typeOf(join(key, name)) === 'directory')
    .flatMap((name) => rootsBelow(store, join(key, name), here ? 0 : depth - 1))
  return here ? [key, ...below] : below
}

function isImageRoot(store: Store, key: string): boolean {
  return store.typeOf(`${key}/layerdb`) === 'directory' || store.typeOf(`${key}/imagedb`) === 'directory'
}

function driversIn(store: Store, root: string, log: FindingLog): readonly DriverRoot[] {
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

/** Tells the signs of a daemon that runs on the data-root, whose files may change under our hands. */
export function tellRunning(store: Store, { root, driver }: DriverRoot, log: FindingLog): void {
  const pid = join(root, 'docker.pid')
  if (store.typeOf(pid) === 'file') tell(pid, 'there is a docker.pid')
  const home = join(root, driver.home)
  const mounted = store.list(home).find((id) => store.list(`${home}/${id}/merged`).length > 0)
  if (mounted !== undefined) tell(`${home}/${mounted}/merged`, 'the root filesystem of a container is mounted')
  function tell(path: string, message: string): void {
    log.add('STORE_IN_USE', `${message}: the daemon seems to run, or did not stop in order`, { path })
  }
}
