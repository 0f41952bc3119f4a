import { ArchiveError, toArchiveError } from '../../errors.js'
import type { StoreContainer } from '../../model/data-root.js'
import type { Image, Layer } from '../../model/image.js'
import { boltBucket, boltItem, boltText, openBolt, type BoltBucket } from '../bbolt.js'
import { imageOfContainer, ownConfig } from './container-image.js'
import { treeLayer } from './container-layers.js'
import { readContainerConfig, type Container } from './container-store.js'
import { readContainerd } from './containerd-store.js'
import type { RootReading } from './image-store.js'
import { join } from './layout.js'

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
      const store = stores.find((one) => reading.store.typeOf(databaseOf(one, driver)) === 'file')
      if (config === undefined || store === undefined || !/^[a-z0-9-]+$/.test(driver)) return []
      return [storeContainer(reading, store, { ...place, name: (config.value.Name ?? '').replace(/^\//, ''), config })]
    })
  })
}

function databaseOf(store: string, driver: string): string {
  return join(store, `io.containerd.snapshotter.v1.${driver}/metadata.db`)
}

function storeContainer(reading: RootReading, store: string, container: Owned): StoreContainer {
  const { id, name, config } = container
  const driver = config.value.Driver ?? ''
  return {
    id,
    name,
    imageID: config.value.Image ?? '',
    driver,
    parent: undefined,
    async image() {
      const image = await imageOf(reading, store, container)
      const init = await snapshotLayer(reading, store, container, { suffix: '-init', index: image.layers.length })
      const own = await snapshotLayer(reading, store, container, { suffix: '', index: image.layers.length + 1 })
      return imageOfContainer(reading, container, image.config, [...image.layers, init, own])
    },
    async parts({ engine }) {
      const image = await imageOf(reading, store, container)
      const place = { suffix: '', index: image.layers.length, ...(engine !== undefined && { engine }) } as const
      return { id, image, written: await snapshotLayer(reading, store, container, place), config: ownConfig(container) }
    },
  }
}

/** The image of a container, by the digest of the manifest for its platform. */
async function imageOf(reading: RootReading, store: string, { name, config }: Owned): Promise<Image> {
  const { Image: target, ImageManifest: manifest } = config.value
  const { images } = await readContainerd(reading, store)
  const found = images.filter((image) => image.targetDigest === target || image.manifest?.digest === target)
  const image = found.find((one) => one.manifest?.digest === manifest?.digest) ?? found[0]
  if (image !== undefined) return image
  throw new ArchiveError('ERR_NOT_FOUND', `the image of container ${name} is gone`, {
    location: reading.store.location,
  })
}

interface SnapshotPlace {
  readonly suffix: '' | '-init'
  readonly index: number
  readonly engine?: number
}

async function snapshotLayer(
  reading: RootReading,
  store: string,
  { id, name, config }: Owned,
  { suffix, index, engine }: SnapshotPlace,
): Promise<Layer> {
  const path = databaseOf(store, config.value.Driver ?? '')
  const number = snapshotNumber(reading, path, `/${id}${suffix}`)
  if (number === undefined) {
    const message = `containerd does not know where container ${name} lies`
    throw new ArchiveError('ERR_NOT_FOUND', message, { location: `${reading.store.location} › ${path}` })
  }
  const key = path.replace(/metadata\.db$/, `snapshots/${number}/fs`)
  return treeLayer(reading, index, key, 'overlay', engine === undefined ? {} : { engine })
}

/** The folder of the snapshot whose name ends so (containerd, core/snapshots/storage/bolt.go). */
function snapshotNumber({ store, log }: RootReading, path: string, end: string): number | undefined {
  const file = store.open(path)
  if (typeof file === 'string') return undefined
  try {
    const snapshots = boltBucket(openBolt(file, `${store.location} › ${path}`), 'v1', 'snapshots')
    for (const item of snapshots?.items() ?? []) {
      if (item.kind === 'bucket' && boltText(item.key).endsWith(end)) return numberOf(item.bucket)
    }
  } catch (error) {
    log.addError('STORE_CONTAINER', toArchiveError(error), { path })
  } finally {
    file.close()
  }
  return undefined
}

function numberOf(snapshot: BoltBucket): number | undefined {
  const item = boltItem(snapshot, 'id')
  if (item?.kind !== 'value') return undefined
  // encoding/binary.Uvarint
  return item.value.subarray(0, 7).reduce((sum, byte, at) => sum + (byte & 0x7f) * 128 ** at, 0)
}
