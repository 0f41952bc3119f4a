import { runContext } from '../../src/context.js'
import { openContainer, openWholeRoot } from '../../src/formats/data-root/index.js'
import { openArchive } from '../../src/formats/index.js'
import type { ImageArchive, Layer } from '../../src/model/image.js'
import { selectImage } from '../../src/model/select.js'
import { census, type Census } from '../../src/ops/census.js'
import { list } from '../../src/ops/list.js'
import { collect } from './chunks.js'
import { END } from './tar-blocks.js'

/** Opens a data-root, or the container of that name in it. */
export function openRoot(root: string, container?: string): Promise<ImageArchive> {
  const options = { transport: 'docker-root', ...(container !== undefined && { container }) } as const
  return openArchive(root, runContext(), options)
}

/** The state of a data-root. */
export async function censusOf(root: string): Promise<Census> {
  await using opened = await openWholeRoot(root, runContext())
  return await census(opened, runContext())
}

/** Paths of an image, each behind the index of the layer that gave it. */
export async function pathsOf(root: string, name: string): Promise<string[]> {
  await using archive = await openRoot(root)
  const { entries } = await list(selectImage(archive, { name }), { archive: root }, runContext())
  return Array.from(entries, ({ path, layer }) => `${layer} ${path}`)
}

/** Paths of the root filesystem of a container. */
export async function containerPaths(root: string, name: string): Promise<string[]> {
  await using archive = await openRoot(root, name)
  const { entries } = await list(selectImage(archive, {}), { archive: root }, runContext())
  return Array.from(entries, ({ path }) => path)
}

/** The tar of a layer. */
export async function tarOfLayer(layer: Layer | undefined): Promise<Uint8Array> {
  if (layer === undefined) throw new Error('there is no such layer')
  return collect(layer.tar(runContext()))
}

/** The names in a layer of an image, as its tar has them. */
export async function layerNames(root: string, name: string, layer: number): Promise<string[]> {
  await using archive = await openRoot(root)
  return namesIn(await tarOfLayer(selectImage(archive, { name }).layers[layer]))
}

/** The names in the layer that a container wrote. */
export async function writtenNames(root: string, name: string): Promise<string[]> {
  await using opened = await openContainer(root, runContext(), name)
  return namesIn(await tarOfLayer((await opened.container.parts({})).written))
}

/** The names in a tar of files below 512 bytes. */
function namesIn(tar: Uint8Array): string[] {
  const names: string[] = []
  for (let at = 0; at < tar.length - END.length; at += 512) {
    const text = (from: number, length: number) =>
      Buffer.from(tar.subarray(at + from, at + from + length))
        .toString('latin1')
        .replace(/\0.*/s, '')
    names.push(text(0, 100))
    if (Number.parseInt(text(124, 12), 8) > 0) at += 512
  }
  return names
}
