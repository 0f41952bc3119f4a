import type { RunContext } from '../../context.js'
import type { Layer, LayerClaims } from '../../model/image.js'
import { exactTar, type SplitAssembly } from '../../tar/split-assembly.js'
import { missingLayer } from '../layers.js'
import { addedFiles } from './added-files.js'
import { formOf } from './container-place.js'
import { layerKey } from './drivers.js'
import type { GraphRoot } from './graph-layout.js'
import { join } from './layout.js'
import type { RootReading } from './reading.js'
import { readText } from './store.js'
import { storeTar, type TreeForm } from './store-tar.js'

/** An image of the graph as the layer that it is. */
export interface GraphImage {
  readonly index: number
  readonly id: string
  readonly parent: string | undefined
}

/**
 * The layer of an image of the graph: byte for byte where docker 1.8 or 1.9 kept its tar-split, else made anew of its
 * files, which is told. One whose files are gone or out of reach is missing.
 */
export function graphLayer(reading: RootReading, root: GraphRoot, image: GraphImage): Layer {
  const { store, log } = reading
  const folder = join(root.root, `graph/${image.id}`)
  const claims = claimsOf(reading, folder)
  const files = filesOf(reading, root, image.id)
  const assembly = files === undefined ? undefined : assemblyOf(reading, folder, files.key)
  if (assembly !== undefined) return splitLayer(image.index, folder, claims, assembly)
  if (files === undefined) {
    // Of a driver that keeps no directories that is told once, with its name.
    if (root.driver !== undefined || root.name === 'graph') {
      const message = `the files of layer ${image.id.slice(0, 12)} are gone`
      log.add('STORE_CONTENT_MISSING', message, { path: folder, layer: image.index })
    }
    return missingLayer(image.index, folder, claims, store.location)
  }
  log.add('STORE_LAYER_REBUILT', `layer ${image.id.slice(0, 12)} is made anew of its files`, { path: folder })
  const parent = files.form === 'tree' && image.parent !== undefined ? filesOf(reading, root, image.parent) : undefined
  return {
    index: image.index,
    state: 'assembled',
    path: folder,
    claims,
    blob: undefined,
    isRebuilt: true,
    async *tar(context) {
      const xattrs = (await store.xattrsBelow(files.key)) ?? new Map()
      const base = parent === undefined ? undefined : { key: parent.key, xattrs: await store.xattrsBelow(parent.key) }
      yield* storeTar(store, files.key, { form: files.form, xattrs, ...(base && { base }) }, context)
    },
  }
}

function splitLayer(index: number, path: string, claims: LayerClaims, assembly: SplitAssembly): Layer {
  return {
    index,
    state: 'assembled',
    path,
    claims,
    blob: undefined,
    assembly,
    tar: (context) => exactTar(assembly, { ...context, checkContents: true }),
  }
}

function claimsOf({ store, context }: RootReading, folder: string): LayerClaims {
  const size = Number(readText(store, `${folder}/layersize`, context.limits) ?? Number.NaN)
  return Number.isSafeInteger(size) && size >= 0 ? { contentSize: size } : {}
}

interface Files {
  readonly key: string
  readonly form: TreeForm
}

/** Paths in the folder of a layer that are none of its; a layer without a sidecar has nothing to be held against. */
export async function graphAdded(
  reading: RootReading,
  root: GraphRoot,
  { id, layers }: { readonly id: string; readonly layers: readonly Layer[] },
  context: RunContext,
): Promise<readonly string[]> {
  const files = filesOf(reading, root, id)
  const below = files?.form === 'tree' ? layers : layers.slice(-1)
  const sidecars = below.flatMap(({ assembly }): SplitAssembly[] => (assembly === undefined ? [] : [assembly]))
  if (files === undefined || sidecars.length < below.length) return []
  return addedFiles(reading.store, { key: files.key, sidecars }, context)
}

/** Up to docker 0.6 the files lie in the graph; since then where the driver has them. */
function filesOf({ store }: RootReading, { root, driver }: GraphRoot, id: string): Files | undefined {
  const own = join(root, `graph/${id}/layer`)
  if (store.typeOf(own) === 'directory') return { key: own, form: 'aufs' }
  if (driver === undefined) return undefined
  const key = layerKey(root, driver, id)
  const form = driver.content === 'tree' ? 'tree' : formOf(driver)
  return store.typeOf(key) === 'directory' ? { key, form } : undefined
}

function assemblyOf({ store }: RootReading, folder: string, files: string): SplitAssembly | undefined {
  const sidecar = `${folder}/tar-data.json.gz`
  const place = store.place(sidecar)
  const node = store.node(sidecar)
  if (place === undefined || node?.type !== 'file') return undefined
  return {
    location: `${store.location} › ${sidecar}`,
    sidecar: { ...place, size: node.size },
    files: store.locator(files),
  }
}
