import type { DataRoot, StoreContainer, StoreLayer } from '../../model/data-root.js'
import type { Companion } from '../../model/companion.js'
import type { Image, ImageArchive, Layer, LooseBlob } from '../../model/image.js'
import { readAllContainers } from './all-containers.js'
import { rebuiltLayer } from './container-layers.js'
import { snapshotLayer } from './containerd-snapshots.js'
import { readContainers } from './container-store.js'
import { containerdLayers, type ContainerdLayer } from './containerd-layers.js'
import { readContainerd } from './containerd-store.js'
import { readLayersOf, sourcesOf, tellOrphans, usedFolders } from './contents.js'
import { containerdEngine, driverEngine, graphEngine } from './engine.js'
import type { GraphRoot } from './graph-layout.js'
import { readGraph } from './graph-store.js'
import { readImages } from './image-store.js'
import { join, type DriverRoot } from './layout.js'
import type { Places } from './places.js'
import type { RootReading } from './reading.js'

/** Everything of a data-root that can be loaded again. */
export interface Stored extends Pick<ImageArchive, 'images' | 'loose' | 'companions'> {
  readonly rootOf: ReadonlyMap<Image, DriverRoot>
  /** Of images that no DriverRoot has. */
  readonly driverOf: ReadonlyMap<Image, string>
}

/** The images of all stores in a data-root. */
export async function readStoredImages(reading: RootReading, { drivers, graphs, containerd }: Places): Promise<Stored> {
  const rootOf = new Map(drivers.flatMap((root) => readImages(reading, root).map((image) => [image, root] as const)))
  const driverOf = new Map<Image, string>()
  for (const root of graphs) {
    for (const image of readGraph(reading, root).images) driverOf.set(image, root.name)
  }
  const loose: LooseBlob[] = []
  const companions: Companion[] = []
  for (const home of containerd) {
    const content = await readContainerd(reading, home)
    for (const image of content.images) driverOf.set(image, 'containerd')
    for (const blob of content.loose) loose.push(blob)
    for (const companion of content.companions) companions.push(companion)
  }
  return { images: [...rootOf.keys(), ...driverOf.keys()], loose, companions, rootOf, driverOf }
}

/** What else a data-root has: its layers, whether an image uses them or not, and its containers. */
export async function readWholeRoot(
  reading: RootReading,
  places: Places,
  stored: Stored,
): Promise<Omit<DataRoot, keyof ImageArchive>> {
  const { drivers, graphs, containerd } = places
  const containers = readAllContainers(reading, places)
  const blobs: ContainerdLayer[] = []
  for (const home of containerd) {
    for (const one of containerdLayers(reading, home, (await readContainerd(reading, home)).images)) blobs.push(one)
  }
  return {
    drivers: driversOf(reading, places),
    layers: [
      ...drivers.flatMap((root) => readDriverLayers(reading, root, drivers)),
      ...graphs.flatMap((root) => readGraphLayers(reading, root, containers)),
      ...blobs,
    ],
    containers,
    rebuilt: async (layer) => (await rebuiltLayer(reading, drivers, layer)) ?? unpackedLayer(reading, blobs, layer),
    driverOf: (image) => stored.rootOf.get(image)?.driver.name ?? stored.driverOf.get(image) ?? '',
    sourcesOf(image) {
      const root = stored.rootOf.get(image)
      return root === undefined ? [] : sourcesOf(reading, root, image)
    },
  }
}

function readDriverLayers(
  reading: RootReading,
  root: DriverRoot,
  drivers: readonly DriverRoot[],
): readonly StoreLayer[] {
  const found = readLayersOf(reading, root)
  tellOrphans(reading, root, usedFolders(reading, found, readContainers(reading, drivers)))
  return found
}

function readGraphLayers(
  reading: RootReading,
  graph: GraphRoot,
  containers: readonly StoreContainer[],
): readonly StoreLayer[] {
  const { root, driver } = graph
  const layers = readGraph(reading, graph).layers()
  const own = containers.flatMap(({ id }) => [id, `${id}-init`])
  const used = new Set([...layers.map(({ chainID }) => chainID), ...own])
  if (driver !== undefined) tellOrphans(reading, { root, driver }, used)
  return layers
}

/** A layer as the tree that containerd unpacked it to: its files, but other bytes. */
async function unpackedLayer(
  reading: RootReading,
  blobs: readonly ContainerdLayer[],
  layer: Layer,
): Promise<Layer | undefined> {
  const snapshot = blobs.find((one) => one.layer === layer)?.snapshot
  return snapshot && snapshotLayer(reading, layer.index, snapshot)
}

function driversOf({ store }: RootReading, { drivers, graphs, containerd, homes }: Places): DataRoot['drivers'] {
  // Every docker since 18.09 keeps a containerd for what runs: without a blob it is no store of images.
  const isStore = (path: string) => store.list(join(path, 'io.containerd.content.v1.content/blobs/sha256')).length > 0
  const isAlone = drivers.length + graphs.length === 0
  return [
    ...drivers.map((one) => ({ path: one.root, driver: one.driver.name, engine: driverEngine(store, one) })),
    ...graphs.map((one) => ({ path: one.root, driver: one.name, engine: graphEngine(store, one) })),
    ...containerd
      .filter((path) => isAlone || isStore(path))
      .map((path) => ({ path, driver: 'containerd', engine: containerdEngine(store, path, homes) })),
  ]
}
