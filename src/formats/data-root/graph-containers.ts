import { ArchiveError } from '../../errors.js'
import type { StoreContainer } from '../../model/data-root.js'
import type { Image, Layer } from '../../model/image.js'
import { imageOfContainer, ownConfig } from './container-image.js'
import { placedChanges, placedLayers, treeLayer, type ContainerPlace } from './container-place.js'
import { readContainerConfig, type Container } from './container-store.js'
import type { GraphRoot } from './graph-layout.js'
import { readGraph } from './graph-store.js'
import { join } from './layout.js'
import { linkedNames } from './linkgraph.js'
import type { RootReading } from './reading.js'

/** A container of a docker up to 1.9. */
interface GraphContainer extends Omit<Container, 'root'> {
  readonly root: GraphRoot
}

/** The containers of dockers up to 1.9; what cannot be read of one is a finding. */
export function graphContainers(reading: RootReading, roots: readonly GraphRoot[]): readonly StoreContainer[] {
  const homes = [...new Set(roots.map(({ root }) => root))]
  return homes.flatMap((home) => {
    const names = linkedNames(reading, home)
    const folder = join(home, 'containers')
    const own = roots.filter(({ root }) => root === home)
    return reading.store.list(folder).flatMap((id) => {
      const container = readContainer(reading, own, { id, key: `${folder}/${id}`, name: names.get(id) })
      return container === undefined ? [] : [storeContainer(reading, container)]
    })
  })
}

// Up to 0.4 the IDs were shorter.
const CONTAINER_ID = /^[a-f0-9]{8,64}$/

function readContainer(
  reading: RootReading,
  roots: readonly GraphRoot[],
  { id, key, name }: { readonly id: string; readonly key: string; readonly name: string | undefined },
): GraphContainer | undefined {
  if (!CONTAINER_ID.test(id)) return undefined
  const config = readContainerConfig(reading, { id, key }, 'config.json')
  if (config === undefined) return undefined
  const { Driver: driver, Name: own = '' } = config.value
  // Before there were drivers there was aufs, and 0.7 did not write it down.
  const root = roots.find((one) => one.name === (driver ?? 'aufs')) ?? (driver === undefined ? roots[0] : undefined)
  return root === undefined ? undefined : { id, key, name: name ?? own.replace(/^\//, ''), root, config }
}

function storeContainer(reading: RootReading, container: GraphContainer): StoreContainer {
  const { id, name, root, config } = container
  const imageID = config.value.Image ?? ''
  return {
    id,
    name,
    imageID,
    driver: root.name,
    parent: imageID === '' ? undefined : imageID,
    async image() {
      const image = readGraph(reading, root).image(imageID)
      return imageOfContainer(reading, container, image?.config, await layersOf(reading, container, image))
    },
    async parts({ engine }) {
      const image = readGraph(reading, root).image(imageID)
      if (image === undefined) {
        throw new ArchiveError('ERR_NOT_FOUND', `the image of container ${name} is gone`, {
          location: reading.store.location,
          hint: 'imgtar export writes its root filesystem, which imgtar import makes an image of',
        })
      }
      const place = { index: image.layers.length, ...(engine !== undefined && { engine }) }
      return { id, image, written: await writtenLayer(reading, container, place), config: ownConfig(container) }
    },
  }
}

/** Key of the folder that holds what a container of docker up to 0.6 wrote. */
function ownFolder({ store }: RootReading, { key }: GraphContainer): string | undefined {
  return store.typeOf(`${key}/rw`) === 'directory' ? `${key}/rw` : undefined
}

async function layersOf(
  reading: RootReading,
  container: GraphContainer,
  image: Image | undefined,
): Promise<readonly Layer[]> {
  const chain = image?.layers ?? []
  const own = ownFolder(reading, container)
  if (own !== undefined) return [...chain, await treeLayer(reading, chain.length, own, 'aufs')]
  return placedLayers(reading, placeOf(reading, container, chain))
}

async function writtenLayer(
  reading: RootReading,
  container: GraphContainer,
  options: { readonly index: number; readonly engine?: number },
): Promise<Layer> {
  const own = ownFolder(reading, container)
  if (own === undefined) return placedChanges(reading, placeOf(reading, container, []), options)
  const { index, engine } = options
  return treeLayer(reading, index, own, 'aufs', engine === undefined ? {} : { engine })
}

/** A container's folders have its ID for a name. Errors: ERR_UNSUPPORTED where the driver keeps no directories. */
function placeOf({ store }: RootReading, { id, name, root }: GraphContainer, chain: readonly Layer[]): ContainerPlace {
  const { driver } = root
  if (driver === undefined) {
    throw new ArchiveError('ERR_UNSUPPORTED', `the files of container ${name} lie in a volume of ${root.name}`, {
      location: store.location,
      hint: 'they are out of reach without that driver; its config is in the data-root',
    })
  }
  const init = `${id}-init`
  const hasInit = store.typeOf(`${join(root.root, driver.home)}/${init}`) === 'directory'
  return { name, root: root.root, driver, mountID: id, initID: hasInit ? init : undefined, chain: () => chain }
}
