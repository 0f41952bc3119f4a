import { asDiffID, type DiffID } from '../../src/bytes/digest.js'
import { runContext } from '../../src/context.js'
import { imageConfig } from '../../src/model/config.js'
import type { Image, Layer } from '../../src/model/image.js'
import { parseJson } from '../../src/model/json.js'
import { digest, json } from './archives.js'
import { collect } from './chunks.js'
import { imageOf, layerOfBytes, layerTar, type LayerEntry } from './layers.js'
import { decode } from './tar-blocks.js'

const context = runContext()

/** When the images were made. */
export const CREATED = '2023-11-07T00:00:00Z'

/** What an image is made of. */
export interface StoredFixture {
  readonly layers: readonly (readonly LayerEntry[])[]
  readonly history?: unknown
  readonly config?: Readonly<Record<string, unknown>>
}

/** An image whose config is stored, as docker writes it. */
export function storedImage({ layers, history, config }: StoredFixture): Image {
  const tars = layers.map(layerTar)
  const steps = history ?? layers.map((_, index) => ({ created: CREATED, created_by: `COPY ${String(index)}` }))
  const bytes = json({
    architecture: 'amd64',
    config: { Cmd: ['/app'], Unknown: 1.0 },
    created: CREATED,
    history: steps,
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: tars.map(digest) },
    'x-mine': '<kept>',
    ...config,
  })
  const document = parseJson(bytes, imageConfig, 'config')
  const claimed = tars.map((tar, index): Layer => {
    const diffID = asDiffID(digest(tar))
    return { ...layerOfBytes(index, tar), claims: diffID === undefined ? {} : { diffID } }
  })
  return {
    ...imageOf(claimed),
    names: ['app:1'],
    config: document.value,
    configSource: { kind: 'stored', document, path: 'config' },
  }
}

/** The config that an image gets when these are its diffIDs. */
export function configText({ configSource }: Image, diffIDs: readonly string[]): Record<string, unknown> {
  if (configSource.kind !== 'derived') throw new Error('the config is not derived')
  const { bytes } = configSource.make(diffIDs.flatMap((one): DiffID[] => [asDiffID(one) ?? []].flat()))
  return JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>
}

/** The tar of a layer. */
export const tarOf = async (layer: Layer | undefined) =>
  layer === undefined ? new Uint8Array() : collect(layer.tar(context))
/** The names in it. */
export const namesIn = async (layer: Layer | undefined) => decode(await tarOf(layer)).entries.map(({ path }) => path)
