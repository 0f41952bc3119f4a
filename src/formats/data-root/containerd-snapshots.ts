import { toArchiveError } from '../../errors.js'
import type { Layer } from '../../model/image.js'
import { boltBucket, boltNumber, boltText, boltUnsigned, boltValue, openBolt, type BoltBucket } from '../bbolt.js'
import { treeLayer } from './container-place.js'
import type { LayerContent } from './drivers.js'
import { join } from './layout.js'
import type { RootReading, Snapshot } from './reading.js'

const SNAPSHOTTER = 'io.containerd.snapshotter.v1.'
/** Snapshotters that keep folders of files; others keep subvolumes, devices or images of file systems. */
const CONTENTS: ReadonlyMap<string, LayerContent> = new Map([
  ['overlayfs', 'diff'],
  ['fuse-overlayfs', 'diff'],
  ['stargz', 'diff'],
  ['native', 'tree'],
])

/** The snapshots of a containerd (containerd, core/snapshots/storage/bolt.go); a damaged database is a finding. */
export function readSnapshots(reading: RootReading, home: string): readonly Snapshot[] {
  const known = reading.snapshots.get(home)
  if (known !== undefined) return known
  const names = reading.store.list(home).filter((name) => name.startsWith(SNAPSHOTTER))
  const snapshots = names.flatMap((name) => snapshotsIn(reading, join(home, name), name.slice(SNAPSHOTTER.length)))
  reading.snapshots.set(home, snapshots)
  return snapshots
}

/** The snapshot whose name ends so. */
export function findSnapshot(snapshots: readonly Snapshot[], end: string): Snapshot | undefined {
  return snapshots.find(({ name }) => name.endsWith(`/${end}`))
}

function snapshotsIn({ store, log }: RootReading, folder: string, driver: string): readonly Snapshot[] {
  const path = `${folder}/metadata.db`
  const file = store.open(path)
  if (typeof file === 'string') return []
  const found: Omit<Snapshot, 'base'>[] = []
  try {
    for (const item of boltBucket(openBolt(file, `${store.location} › ${path}`), 'v1', 'snapshots')?.items() ?? []) {
      if (item.kind === 'bucket') found.push(snapshotOf(item.bucket, boltText(item.key), { folder, driver }))
    }
  } catch (error) {
    log.addError('STORE_CONTAINER', toArchiveError(error), { path })
  } finally {
    file.close()
  }
  const keys = new Map(found.map(({ name, key }) => [name, key]))
  return found.map((one) => ({ ...one, base: one.parent === undefined ? undefined : keys.get(one.parent) }))
}

function snapshotOf(
  bucket: BoltBucket,
  name: string,
  { folder, driver }: { readonly folder: string; readonly driver: string },
): Omit<Snapshot, 'base'> {
  const content = CONTENTS.get(driver)
  const number = String(boltUnsigned(boltValue(bucket, 'id')))
  const parent = boltText(boltValue(bucket, 'parent'))
  const size = boltValue(bucket, 'size')
  return {
    name,
    parent: parent === '' ? undefined : parent,
    driver,
    folder: number,
    key: content === 'tree' ? `${folder}/snapshots/${number}` : `${folder}/snapshots/${number}/fs`,
    content,
    size: size.length === 0 ? undefined : boltNumber(size),
  }
}

/**
 * The layer that a snapshot is, from its files: what it adds, or where all below it is in there too, what is other than
 * there. Undefined where it has no folder.
 */
export async function snapshotLayer(
  reading: RootReading,
  index: number,
  { key, content, base }: Snapshot,
  more: { readonly engine?: number } = {},
): Promise<Layer | undefined> {
  if (content === undefined || reading.store.typeOf(key) !== 'directory') return undefined
  if (content === 'diff') return treeLayer(reading, index, key, 'overlay', more)
  const grown = base === undefined ? {} : { base: { key: base, xattrs: await reading.store.xattrsBelow(base) } }
  return treeLayer(reading, index, key, 'tree', { ...more, ...grown })
}

/** Tells the folders of snapshotters that none of the snapshots has. */
export function tellSnapshotOrphans({ store, log }: RootReading, home: string, snapshots: readonly Snapshot[]): void {
  for (const name of store.list(home).filter((one) => one.startsWith(SNAPSHOTTER))) {
    const folder = `${join(home, name)}/snapshots`
    const own = new Set(snapshots.filter(({ key }) => key.startsWith(`${folder}/`)).map((one) => one.folder))
    for (const number of own.size === 0 ? [] : store.list(folder)) {
      if (own.has(number)) continue
      log.add('STORE_CONTENT_ORPHAN', 'no layer and no container lies here', { path: `${folder}/${number}` })
    }
  }
}
