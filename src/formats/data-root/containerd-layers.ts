import type { DiffID } from '../../bytes/digest.js'
import { chainIDs } from '../../model/chain-id.js'
import type { StoreLayer } from '../../model/data-root.js'
import type { Image } from '../../model/image.js'
import { findSnapshot, readSnapshots, tellSnapshotOrphans } from './containerd-snapshots.js'
import type { RootReading, Snapshot } from './reading.js'

/** A layer whose blob containerd has, and the tree that it was unpacked to. */
export interface ContainerdLayer extends StoreLayer {
  readonly snapshot: Snapshot | undefined
}

/** The layers of the images of a containerd, each after its parent; folders of snapshotters without a layer are told. */
export function containerdLayers(
  reading: RootReading,
  home: string,
  images: readonly Image[],
): readonly ContainerdLayer[] {
  const snapshots = readSnapshots(reading, home)
  tellSnapshotOrphans(reading, home, snapshots)
  const found = new Map<string, ContainerdLayer>()
  const seen = new Set<Snapshot>()
  for (const image of images) {
    const chain = chainOf(image)
    for (const [index, layer] of image.layers.entries()) {
      const chainID = chain[index] ?? layer.path
      const key = `${chainID} ${layer.path}`
      if (found.has(key)) continue
      const snapshot = findSnapshot(snapshots, chainID)
      const row = { chainID, parent: chain[index - 1], driver: 'containerd', layer, snapshot }
      // The same layer may lie there in several compressions; it is unpacked once.
      const isFirst = snapshot !== undefined && !seen.has(snapshot)
      if (isFirst) seen.add(snapshot)
      found.set(key, {
        ...row,
        cacheID: snapshot?.folder,
        added: () => Promise.resolve([]),
        ...(isFirst && unpackedTo(reading, snapshot, snapshots)),
      })
    }
  }
  return [...found.values()].sort((a, b) => a.layer.index - b.layer.index)
}

function unpackedTo(
  reading: RootReading,
  snapshot: Snapshot,
  snapshots: readonly Snapshot[],
): Pick<StoreLayer, 'snapshotSize' | 'unpacked'> {
  return {
    ...(snapshot.size !== undefined && { snapshotSize: snapshot.size }),
    ...(isThere(reading, snapshot) && {
      unpacked: {
        files: reading.store.locator(snapshot.key),
        below: snapshot.content === 'tree' ? undefined : keysBelow(snapshot, snapshots),
      },
    }),
  }
}

/** Keys of the trees below a snapshot, the topmost first. */
function keysBelow(top: Snapshot, snapshots: readonly Snapshot[]): readonly string[] {
  const below = new Set<Snapshot>()
  const under = ({ parent, driver }: Snapshot) => snapshots.find((one) => one.name === parent && one.driver === driver)
  for (let next = under(top); next !== undefined && !below.has(next); next = under(next)) below.add(next)
  return [...below].map(({ key }) => key)
}

/** Whether the tree of a snapshot is there; one that is not is told. */
function isThere({ store, log }: RootReading, { key, content }: Snapshot): boolean {
  if (content === undefined) return false
  if (store.typeOf(key) === 'directory') return true
  log.add('STORE_CONTENT_MISSING', 'the tree that a layer was unpacked to is gone; its blob is not', { path: key })
  return false
}

/** chainIDs of the layers of an image; where its config does not say the diffIDs, the digests of the blobs. */
function chainOf({ layers }: Image): readonly string[] {
  const diffIDs = layers.map(({ claims }) => claims.diffID).filter((diffID): diffID is DiffID => diffID !== undefined)
  if (diffIDs.length === layers.length) return chainIDs(diffIDs)
  return layers.map(({ claims, path }) => claims.digest ?? path)
}
