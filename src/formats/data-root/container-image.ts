import { hexOf, type DiffID } from '../../bytes/digest.js'
import { configForImport } from '../../model/derived-config.js'
import type { Image } from '../../model/image.js'
import { platformOf } from '../images.js'
import { containerLayers } from './container-layers.js'
import type { Container } from './container-store.js'
import { readConfigOf, type RootReading } from './image-store.js'

/**
 * The root filesystem of a container as an image: the layers of its image, what docker put in for the container, and what
 * the container wrote. Drivers that keep whole trees give it as one layer. Errors: those of containerLayers.
 */
export async function containerImage(reading: RootReading, container: Container): Promise<Image> {
  const { store } = reading
  const { value } = container.config
  const imageConfig = readConfigOf(reading, container.root, hexOf(value.Image ?? ''))
  const options = {
    platform: platformOf(imageConfig ?? { architecture: 'amd64' }),
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
