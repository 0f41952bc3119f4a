import { ArchiveError } from '../../errors.js'
import type { StoreContainer } from '../../model/data-root.js'
import type { Image, Layer } from '../../model/image.js'
import { imageOfContainer, ownConfig } from './container-image.js'
import { treeLayer } from './container-place.js'
import { readContainerConfig, type Container } from './container-store.js'
import { findSnapshot, readSnapshots, snapshotLayer } from './containerd-snapshots.js'
import { readContainerd } from './containerd-store.js'
import { join } from './layout.js'
import type { RootReading, Snapshot } from './reading.js'

type Owned = Omit<Container, 'root'>

/**
 * The containers of a docker whose images containerd keeps: `homes` are folders with `containers`, `stores` the roots of
 * containerd. Those of other drivers are left out.
 */
export function containerdContainers(
  reading: RootReading,
  homes: readonly string[],
  stores: readonly string[],
): readonly StoreContainer[] {
  return homes.flatMap((home) => {
    const folder = join(home, 'containers')
    const ids = reading.store.list(folder).filter((name) => /^[a-f0-9]{64}$/.test(name))
    return ids.flatMap((id) => {
      const place = { id, key: `${folder}/${id}` }
      const config = readContainerConfig(reading, place, 'config.v2.json')
      const driver = config?.value.Driver ?? ''
      const store = stores.find((one) => hasSnapshotter(reading, one, driver))
      if (config === undefined || store === undefined) return []
      return [storeContainer(reading, store, { ...place, name: (config.value.Name ?? '').replace(/^\//, ''), config })]
    })
  })
}

function hasSnapshotter({ store }: RootReading, home: string, driver: string): boolean {
  const path = join(home, `io.containerd.snapshotter.v1.${driver}/metadata.db`)
  return /^[a-z0-9-]+$/.test(driver) && store.typeOf(path) === 'file'
}

function storeContainer(reading: RootReading, store: string, container: Owned): StoreContainer {
  const { id, name, config } = container
  const snapshots = readSnapshots(reading, store).filter(({ driver }) => driver === config.value.Driver)
  return {
    id,
    name,
    imageID: config.value.Image ?? '',
    driver: config.value.Driver ?? '',
    parent: chainBelow(snapshots, id),
    async image() {
      const image = await imageOf(reading, store, container)
      const whole = findSnapshot(snapshots, id)
      if (whole?.content === 'tree') {
        return imageOfContainer(reading, container, image?.config, [await treeLayer(reading, 0, whole.key, 'tree')])
      }
      const below = image?.layers ?? (await snapshotLayers(reading, snapshots, id))
      const init = await treeAt(reading, snapshots, container, { suffix: '-init', index: below.length })
      const own = await treeAt(reading, snapshots, container, { suffix: '', index: below.length + 1 })
      return imageOfContainer(reading, container, image?.config, [...below, init, own])
    },
    async parts({ engine }) {
      const image = await imageOf(reading, store, container)
      if (image === undefined) throw imageGone(reading, name)
      const place = { suffix: '', index: image.layers.length, ...(engine !== undefined && { engine }) } as const
      const written = await treeAt(reading, snapshots, container, place)
      return { id, image, written, config: ownConfig(container) }
    },
  }
}

/** chainID of the layer that a container lies on. */
function chainBelow(snapshots: readonly Snapshot[], id: string): string | undefined {
  const init = findSnapshot(snapshots, `${id}-init`)
  return /\/(sha256:[a-f0-9]{64})$/.exec(init?.parent ?? '')?.[1]
}

/** The layers below a container as its snapshots have them, base first: containerd drops the blobs before these. */
async function snapshotLayers(
  reading: RootReading,
  snapshots: readonly Snapshot[],
  id: string,
): Promise<readonly Layer[]> {
  const byName = new Map(snapshots.map((snapshot) => [snapshot.name, snapshot]))
  const chain: Snapshot[] = []
  for (let name = findSnapshot(snapshots, `${id}-init`)?.parent; name !== undefined;) {
    const snapshot = byName.get(name)
    if (snapshot === undefined || chain.includes(snapshot)) break
    chain.unshift(snapshot)
    name = snapshot.parent
  }
  const layers: Layer[] = []
  for (const snapshot of chain) {
    const layer = await snapshotLayer(reading, layers.length, snapshot)
    if (layer !== undefined) layers.push(layer)
  }
  return layers
}

function imageGone({ store }: RootReading, name: string): ArchiveError {
  return new ArchiveError('ERR_NOT_FOUND', `the image of container ${name} is gone`, {
    location: store.location,
    hint: 'imgtar export writes its root filesystem, which imgtar import makes an image of',
  })
}

/** The image of a container, by the digest of the manifest for its platform. */
async function imageOf(reading: RootReading, store: string, { config }: Owned): Promise<Image | undefined> {
  const { Image: target, ImageManifest: manifest } = config.value
  const { images } = await readContainerd(reading, store)
  const found = images.filter((image) => image.targetDigest === target || image.manifest?.digest === target)
  return found.find((one) => one.manifest?.digest === manifest?.digest) ?? found[0]
}

interface SnapshotPlace {
  readonly suffix: '' | '-init'
  readonly index: number
  readonly engine?: number
}

async function treeAt(
  reading: RootReading,
  snapshots: readonly Snapshot[],
  { id, name }: Owned,
  { suffix, index, engine }: SnapshotPlace,
): Promise<Layer> {
  const snapshot = findSnapshot(snapshots, `${id}${suffix}`)
  const { location } = reading.store
  if (snapshot === undefined) {
    throw new ArchiveError('ERR_NOT_FOUND', `containerd does not know where container ${name} lies`, { location })
  }
  const layer = await snapshotLayer(reading, index, snapshot, engine === undefined ? {} : { engine })
  if (layer !== undefined) return layer
  if (snapshot.content !== undefined) {
    reading.log.add('STORE_CONTAINER', 'what the container wrote is gone', { path: snapshot.key })
    return treeLayer(reading, index, snapshot.key, 'overlay')
  }
  const message = `the snapshotter ${snapshot.driver} keeps no folder of what container ${name} wrote`
  throw new ArchiveError('ERR_UNSUPPORTED', message, { location })
}
