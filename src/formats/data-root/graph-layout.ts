import type { FindingLog } from '../../model/finding-log.js'
import { DRIVERS, type Driver } from './drivers.js'
import { join } from './layout.js'
import type { Store } from './store.js'

/** The image store of docker up to 1.9: a folder an image below graph/. */
export interface GraphRoot {
  /** Key of the data-root. */
  readonly root: string
  /** Of the storage driver; `graph` up to docker 0.6, which had none. */
  readonly name: string
  /** Undefined up to docker 0.6, where the files lie in the graph itself, and for drivers that keep no directories. */
  readonly driver: Driver | undefined
  /** Key of the file with the names; undefined where there is none. */
  readonly repositories: string | undefined
}

/** Whether a folder has a graph with at least one image. */
export function hasGraph(store: Store, key: string): boolean {
  const graph = join(key, 'graph')
  return store.list(graph).some((id) => store.typeOf(`${graph}/${id}/json`) === 'file')
}

const REPOSITORIES = 'repositories'

/** The graph of a data-root, once for each driver that has names in it; drivers that keep no directories are told. */
export function graphRootsIn(store: Store, root: string, log: FindingLog): readonly GraphRoot[] {
  if (!hasGraph(store, root)) return []
  const files = store.list(root).filter((name) => name === REPOSITORIES || name.startsWith(`${REPOSITORIES}-`))
  const suffixed = files.filter((name) => name !== REPOSITORIES)
  const names = suffixed.length > 0 ? suffixed : files
  if (names.length === 0) {
    log.add('STORE_NAMES', 'the file repositories is missing: images have no names', { path: root })
    const driver = driverPresent(store, root)
    return [{ root, name: driver?.name ?? 'graph', driver, repositories: undefined }]
  }
  return names.map((name) => {
    const driver = name.slice(REPOSITORIES.length + 1)
    const known = driver === '' ? driverPresent(store, root) : DRIVERS.get(driver)
    const path = join(root, name)
    if (driver !== '' && known === undefined) {
      const message = `the layers of the ${driver} driver are no directories: only what is known of the images is there`
      log.add('STORE_DRIVER', message, { path, actual: driver })
    }
    return { root, name: known?.name ?? (driver === '' ? 'graph' : driver), driver: known, repositories: path }
  })
}

function driverPresent(store: Store, root: string): Driver | undefined {
  return [...DRIVERS.values()].find(({ home }) => store.typeOf(join(root, home)) === 'directory')
}
