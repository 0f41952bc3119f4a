import { hexOf, type DiffID } from '../../bytes/digest.js'
import { ArchiveError } from '../../errors.js'
import { configForImport } from '../../model/derived-config.js'
import type { ContainerParts } from '../../model/data-root.js'
import type { Image } from '../../model/image.js'
import { platformOf } from '../images.js'
import { containerLayers, writtenLayer } from './container-layers.js'
import type { Container } from './container-store.js'
import { readConfigOf, readImageOf, type RootReading } from './image-store.js'

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

function ownConfig({ config: { bytes, scan } }: Container): unknown {
  const value: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(0, scan.end)))
  return typeof value === 'object' && value !== null && 'Config' in value ? value.Config : undefined
}
