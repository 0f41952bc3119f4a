/** How a storage driver keeps a layer: what the layer adds, or the whole tree up to it. */
export type LayerContent = 'diff' | 'tree'

/** A storage driver of docker whose layers are directories. */
export interface Driver {
  readonly name: string
  /** The directory that holds one directory a cache-id. */
  readonly home: string
  /** Where in that the files are; '' is the directory itself. */
  readonly below: string
  readonly content: LayerContent
  /** How deleted files are marked on disk in the writable layer of a container. */
  readonly whiteouts: 'overlay' | 'aufs' | 'none'
}

/** Drivers by the name that stands below `image/`. */
export const DRIVERS: ReadonlyMap<string, Driver> = new Map(
  (
    [
      { name: 'overlay2', home: 'overlay2', below: 'diff', content: 'diff', whiteouts: 'overlay' },
      { name: 'fuse-overlayfs', home: 'fuse-overlayfs', below: 'diff', content: 'diff', whiteouts: 'overlay' },
      { name: 'aufs', home: 'aufs/diff', below: '', content: 'diff', whiteouts: 'aufs' },
      { name: 'overlay', home: 'overlay', below: 'root', content: 'tree', whiteouts: 'overlay' },
      { name: 'vfs', home: 'vfs/dir', below: '', content: 'tree', whiteouts: 'none' },
      { name: 'btrfs', home: 'btrfs/subvolumes', below: '', content: 'tree', whiteouts: 'none' },
    ] satisfies Driver[]
  ).map((driver) => [driver.name, driver]),
)

/** The key of the directory that holds the files of a cache-id. */
export function layerKey(root: string, { home, below }: Driver, cacheID: string): string {
  return [root, home, cacheID, below].filter((part) => part !== '').join('/')
}
