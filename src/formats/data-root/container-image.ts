import { hexOf, type DiffID } from '../../bytes/digest.js'
import { configForImport } from '../../model/derived-config.js'
import type { Image } from '../../model/image.js'
import { containerLayers } from './container-layers.js'
import { findContainer, readContainers, type Container } from './container-store.js'
import type { RootReading } from './image-store.js'
import type { DriverRoot } from './layout.js'

/**
 * The root filesystem of a container as an image: the layers of its image, what docker put in for the container, and what
 * the container wrote. Drivers that keep whole trees give it as one layer. Errors: those of findContainer.
 */
export async function containerImage(
  reading: RootReading,
  roots: readonly DriverRoot[],
  { images, container: wanted }: { readonly images: readonly Image[]; readonly container: string },
): Promise<Image> {
  const { store } = reading
  const container = findContainer(readContainers(reading, roots), wanted, store.location)
  const { value } = container.config
  const image = images.find(({ path }) => path === imageKey(container))
  const options = {
    platform: image?.platform ?? { os: 'linux', architecture: 'amd64' },
    created: value.Created ?? '1970-01-01T00:00:00Z',
    comment: `Container ${container.name === '' ? container.id : container.name}`,
  }
  const make = (diffIDs: readonly DiffID[]) => configForImport(options, diffIDs, store.location)
  return {
    names: [],
    platform: options.platform,
    config: { ...make([]).value, ...(value.Config && { config: value.Config }), rootfs: { type: 'layers' } },
    configSource: { kind: 'derived', make },
    manifest: undefined,
    layers: await containerLayers(reading, container),
    attachments: [],
    path: container.key,
  }
}

function imageKey({ root, config }: Container): string {
  return `${root.image}/imagedb/content/sha256/${hexOf(config.value.Image ?? '')}`
}
