import { hexOf, type DiffID } from '../../bytes/digest.js'
import { ArchiveError } from '../../errors.js'
import { configForImport } from '../../model/derived-config.js'
import type { ContainerParts } from '../../model/data-root.js'
import type { ImageConfig } from '../../model/config.js'
import type { Image, Layer } from '../../model/image.js'
import { documentText, membersOf } from '../../model/json.js'
import { platformOf } from '../images.js'
import { containerLayers, writtenLayer } from './container-layers.js'
import type { Container } from './container-store.js'
import { readConfigOf, readImageOf } from './image-store.js'
import type { RootReading } from './reading.js'

/**
 * The root filesystem of a container as an image: the layers of its image, what docker put in for the container, and what
 * the container wrote. Drivers that keep whole trees give it as one layer. Errors: those of containerLayers.
 */
export async function containerImage(reading: RootReading, container: Container): Promise<Image> {
  const imageConfig = readConfigOf(reading, container.root, hexOf(container.config.value.Image ?? ''))
  return imageOfContainer(reading, container, imageConfig, await containerLayers(reading, container))
}

/** A container as an image of these layers, whatever keeps them. */
export function imageOfContainer(
  { store }: RootReading,
  container: Omit<Container, 'root'>,
  imageConfig: ImageConfig | undefined,
  layers: readonly Layer[],
): Image {
  const { value } = container.config
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
    layers,
    attachments: [],
    path: container.key,
  }
}

/** A container taken apart for a commit. Errors: ERR_NOT_FOUND where its image is gone, those of writtenLayer. */
export async function containerParts(
  reading: RootReading,
  container: Container,
  { engine }: { readonly engine?: number },
): Promise<ContainerParts> {
  const { id, name, config, root } = container
  const image = readImageOf(reading, root, hexOf(config.value.Image ?? ''))
  if (image === undefined) {
    throw new ArchiveError('ERR_NOT_FOUND', `the image of container ${name} is gone`, {
      location: reading.store.location,
      hint: 'imgtar export writes its root filesystem, which imgtar import makes an image of',
    })
  }
  const index = image.layers.length
  const written = await writtenLayer(reading, container, { index, ...(engine !== undefined && { engine }) })
  return { id, image, written, config: ownConfig(container) }
}

/** The part of a container's config that its image can have, as docker's JSON has it. */
export function ownConfig({ config }: Pick<Container, 'config'>): unknown {
  return membersOf(JSON.parse(documentText(config))).Config
}
