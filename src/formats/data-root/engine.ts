import type { GraphRoot } from './graph-layout.js'
import { join, type DriverRoot } from './layout.js'
import type { Store } from './store.js'

/** Of a docker up to 1.9, what the files of its images tell: which of them there are changed from version to version. */
export function graphEngine(store: Store, { root, name }: GraphRoot): string {
  const graph = join(root, 'graph')
  const ids = store.list(graph)
  const has = (file: string, type: 'file' | 'directory' = 'file') =>
    ids.some((id) => store.typeOf(`${graph}/${id}/${file}`) === type)
  if (has('v1Compatibility')) return 'docker 1.9'
  if (has('tar-data.json.gz')) return 'docker 1.8 or 1.9'
  if (has('checksum')) return 'docker 1.5 to 1.9'
  return name === 'graph' && has('layer', 'directory') ? 'docker up to 0.6' : 'docker 0.7 to 1.9'
}

/** Since when docker has a driver, where it came after 1.10; and until when, where it is gone. */
const SINCE: ReadonlyMap<string, string> = new Map([
  ['overlay2', '1.12'],
  ['fuse-overlayfs', '20.10'],
])
const LAST: ReadonlyMap<string, string> = new Map([
  ['aufs', '23'],
  ['overlay', '23'],
])

/** Of a docker since 1.10, what its drivers and the other things in its data-root tell. */
export function driverEngine(store: Store, { root, driver }: DriverRoot): string {
  const since = SINCE.get(driver.name) ?? '1.10'
  const last = LAST.get(driver.name)
  if (last !== undefined) return `docker ${since} to ${last}`
  // The daemon's own ID moved into the data-root when the keys for signing, in trust, were given up.
  if (store.typeOf(join(root, 'engine-id')) === 'file') return 'docker 23 or later'
  const least = store.typeOf(join(root, 'buildkit')) === 'directory' && since === '1.12' ? '18.06' : since
  return store.typeOf(join(root, 'trust')) === 'directory' ? `docker ${least} to 20.10` : `docker ${least} or later`
}

/** Of a containerd: whether it is one that a docker keeps its images in. `homes` are folders with containers of docker. */
export function containerdEngine(store: Store, key: string, homes: readonly string[]): string {
  const isDockers = homes.some((home) => key === join(home, 'containerd/daemon') || hasContainers(store, home))
  return isDockers ? 'docker 24 or later, with the store of containerd' : 'containerd'
}

function hasContainers(store: Store, home: string): boolean {
  return store.typeOf(join(home, 'containers')) === 'directory'
}
