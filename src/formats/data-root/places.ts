import { ArchiveError } from '../../errors.js'
import type { FindingLog } from '../../model/finding-log.js'
import { isContainerdRoot } from './containerd-store.js'
import { graphRootsIn, hasGraph, type GraphRoot } from './graph-layout.js'
import { driversIn, hasDrivers, join, type DriverRoot } from './layout.js'
import type { Store } from './store.js'

/** What daemons keep below a place, in the layouts of all their versions. */
export interface Places {
  /** Image stores since docker 1.10. */
  readonly drivers: readonly DriverRoot[]
  /** Keys of the roots of containerd. */
  readonly containerd: readonly string[]
  /** Image stores up to docker 1.9. */
  readonly graphs: readonly GraphRoot[]
  /** Keys of the folders that these lie in: where `containers` is. */
  readonly homes: readonly string[]
}

const MOST_DEPTH = 4

/**
 * Where the data-roots are below what the user named: the place itself, the `uid.gid` folders of user namespaces, or
 * deeper in a tar of a whole disk. Errors: ERR_NOT_ARCHIVE where there is none, saying what is there instead; ERR_IO where
 * folders that may not be looked into keep it from us.
 */
export function findPlaces(store: Store, log: FindingLog): Places {
  const homes = rootsBelow(store, '', MOST_DEPTH)
  const drivers = homes.flatMap((home) => driversIn(store, home, log))
  const containerd = homes
    .flatMap((home) => [home, join(home, 'containerd/daemon')])
    .filter((key) => isContainerdRoot(store, key))
  const graphs = homes.filter((home) => !hasDrivers(store, home)).flatMap((home) => graphRootsIn(store, home, log))
  if (drivers.length + containerd.length + graphs.length > 0) return { drivers, containerd, graphs, homes }
  throw nothing(store, homes.length > 0)
}

/** Tells the links that lie where daemons make folders: nothing behind them is read, they may lead out of the data-root. */
export function tellLinks(store: Store, { drivers, containerd, graphs, homes }: Places, log: FindingLog): void {
  const layers = [...drivers, ...graphs].flatMap(({ root, driver }) => (driver ? [join(root, driver.home)] : []))
  for (const folder of new Set([...homes, ...containerd, ...layers])) {
    for (const path of store.list(folder).map((name) => join(folder, name))) {
      if (store.typeOf(path) === 'symlink') log.add('STORE_LINK', 'it is not followed', { path })
    }
  }
}

function nothing(store: Store, isRoot: boolean): ArchiveError {
  const { location } = store
  if (isRoot) {
    return new ArchiveError('ERR_UNSUPPORTED', 'the storage drivers of this data-root keep no directories', {
      location,
    })
  }
  const closed = closedBelow(store, '', MOST_DEPTH)
  if (closed !== undefined) {
    return new ArchiveError('ERR_IO', 'permission denied', {
      location: closed === '' ? location : `${location} › ${closed}`,
      hint: 'a data-root belongs to root: try sudo',
    })
  }
  const isElsewhere = store.typeOf('containers') === 'directory'
  return new ArchiveError('ERR_NOT_ARCHIVE', 'this is no data-root of docker: there is no image/DRIVER/layerdb', {
    location,
    hint: isElsewhere
      ? 'its images seem to lie in a containerd of its own: name /var/lib/containerd, or the folder above both'
      : 'name the folder that docker info calls Docker Root Dir, as root: /var/lib/docker',
  })
}

/** The first directory whose names are kept from us. */
function closedBelow(store: Store, key: string, depth: number): string | undefined {
  if (store.isClosed(key)) return key
  if (depth === 0) return undefined
  const folders = store.list(key).filter((name) => store.typeOf(join(key, name)) === 'directory')
  for (const name of folders) {
    const closed = closedBelow(store, join(key, name), depth - 1)
    if (closed !== undefined) return closed
  }
  return undefined
}

function rootsBelow(store: Store, key: string, depth: number): readonly string[] {
  const here = isRoot(store, key)
  const names = here ? store.list(key).filter((name) => /^\d+\.\d+$/.test(name)) : depth === 0 ? [] : store.list(key)
  const below = names
    .filter((name) => store.typeOf(join(key, name)) === 'directory')
    .flatMap((name) => rootsBelow(store, join(key, name), here ? 0 : depth - 1))
  return here ? [key, ...below] : below
}

function isRoot(store: Store, key: string): boolean {
  return (
    hasDrivers(store, key) ||
    hasGraph(store, key) ||
    isContainerdRoot(store, key) ||
    isContainerdRoot(store, join(key, 'containerd/daemon'))
  )
}
