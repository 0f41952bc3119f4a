import { createHash } from 'node:crypto'
import { latin1 } from '../../src/tar/path.js'
import { layerTar } from '../support/layers.js'
import type { LayerEntry } from '../support/layers.js'

/** A layer as a fixture describes it: what made it, and what is in it. */
export interface FixtureLayer {
  readonly createdBy: string
  readonly entries: readonly LayerEntry[]
  /** What the config claims where that is not the truth. */
  readonly claimed?: string
}

/** An image as a fixture describes it. */
export interface FixtureImage {
  readonly names: readonly string[]
  readonly created?: string
  readonly layers: readonly FixtureLayer[]
}

const text = (bytes: Uint8Array): string => latin1(bytes)
const hex = (content: string): string => createHash('sha256').update(content, 'latin1').digest('hex')

/** A layer with a file of that content. */
export const layerOf = (path: string, content: string): FixtureLayer => ({
  createdBy: `COPY ${path} # buildkit`,
  entries: [{ path, content }],
})

/** An archive as skopeo and others write it: blobs by their hex, manifest.json last, as docker does. */
export function dockerArchive(...images: readonly FixtureImage[]): Uint8Array {
  const members = new Map<string, string>()
  const manifest = images.map((image) => {
    const layers = image.layers.map(({ entries }) => text(layerTar(entries)))
    for (const layer of layers) members.set(`${hex(layer)}.tar`, layer)
    const config = configOf(image, layers)
    members.set(`${hex(config)}.json`, config)
    return {
      Config: `${hex(config)}.json`,
      RepoTags: image.names.length === 0 ? null : image.names,
      Layers: layers.map((layer) => `${hex(layer)}.tar`),
    }
  })
  members.set('manifest.json', JSON.stringify(manifest))
  return layerTar([...members].map(([path, content]) => ({ path, content })))
}

function configOf({ created = '2023-11-07T00:00:00Z', layers }: FixtureImage, tars: readonly string[]): string {
  return JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    created,
    config: { Cmd: ['/app'], Env: ['PATH=/bin'] },
    history: layers.map(({ createdBy }) => ({ created, created_by: createdBy })),
    rootfs: { type: 'layers', diff_ids: layers.map(({ claimed }, at) => claimed ?? `sha256:${hex(tars[at] ?? '')}`) },
  })
}
