import { z } from 'zod/mini'
import { hexOf } from '../../bytes/digest.js'
import type { StoreContainer, StoreLayer } from '../../model/data-root.js'
import type { Image } from '../../model/image.js'
import { goList, goStruct, parseJson } from '../../model/json.js'
import type { SplitAssembly } from '../../tar/split-assembly.js'
import { addedFiles } from './added-files.js'
import { containerImage, containerParts } from './container-image.js'
import { containerMount } from './container-layers.js'
import type { Container } from './container-store.js'
import { layerKey } from './drivers.js'
import { sharedLayer } from './image-store.js'
import { layerRecord, layersKey, type LayerRecord } from './layer-store.js'
import { join, type DriverRoot } from './layout.js'
import type { RootReading } from './reading.js'
import { readStored } from './store.js'

/** Every layer that layerdb has, each after its parent; what is odd about them is told. */
export function readLayersOf(reading: RootReading, root: DriverRoot): readonly StoreLayer[] {
  const { store, context } = reading
  const records = new Map<string, LayerRecord>()
  for (const name of store.list(layersKey(root))) {
    const record = /^[a-f0-9]{64}$/.test(name) ? layerRecord(store, root, `sha256:${name}`, context) : undefined
    if (record !== undefined) records.set(record.chainID, record)
    else if (name.endsWith('-removing')) {
      reading.log.add('STORE_LAYER_REMOVING', 'a layer was being removed', { path: `${layersKey(root)}/${name}` })
    }
  }
  const chains = [...records.values()].map((record) => chainOf(records, record))
  return chains.sort((a, b) => a.length - b.length).flatMap((chain) => storeLayer(reading, root, chain))
}

/** A layer's record with those below it, base first; as far as they are there, and never in a circle. */
function chainOf(records: ReadonlyMap<string, LayerRecord>, top: LayerRecord): readonly LayerRecord[] {
  const chain: LayerRecord[] = []
  for (let record: LayerRecord | undefined = top; record !== undefined && !chain.includes(record);) {
    chain.unshift(record)
    record = record.parent === undefined ? undefined : records.get(record.parent)
  }
  return chain
}

function storeLayer(reading: RootReading, root: DriverRoot, chain: readonly LayerRecord[]): readonly StoreLayer[] {
  const record = chain.at(-1)
  if (record === undefined) return []
  const layers = chain.map(({ chainID, diffID, parent }, index) =>
    sharedLayer(reading, root, { index, chainID, diffID, parent }),
  )
  const layer = layers.at(-1)
  if (layer === undefined) return []
  const assemblies = layers.flatMap(({ assembly }): SplitAssembly[] => (assembly === undefined ? [] : [assembly]))
  return [
    {
      chainID: record.chainID,
      parent: record.parent,
      driver: root.driver.name,
      cacheID: record.cacheID,
      layer,
      added: (context) => {
        if (layer.assembly === undefined || record.cacheID === undefined) return Promise.resolve([])
        const sidecars = root.driver.content === 'tree' ? assemblies : [layer.assembly]
        const key = layerKey(root.root, root.driver, record.cacheID)
        return addedFiles(reading.store, { key, sidecars, below: layer.assembly.below }, context)
      },
    },
  ]
}

/** Tells the folders of a driver that no layer and no container refers to. */
export function tellOrphans(
  { store, log }: RootReading,
  { root, driver }: Pick<DriverRoot, 'root' | 'driver'>,
  used: ReadonlySet<string>,
): void {
  const home = join(root, driver.home)
  for (const name of store.list(home)) {
    if (used.has(name) || name === 'l' || store.typeOf(`${home}/${name}`) !== 'directory') continue
    log.add('STORE_CONTENT_ORPHAN', 'no layer and no container lies here', { path: `${home}/${name}` })
  }
}

/** The folders of a driver that its layers and containers lie in. */
export function usedFolders(
  reading: RootReading,
  layers: readonly StoreLayer[],
  containers: readonly Container[],
): ReadonlySet<string> {
  const mounts = containers.flatMap((container) => {
    const mount = containerMount(reading, container)
    return mount === undefined ? [] : [mount.mountID, mount.initID ?? '']
  })
  return new Set([...layers.map(({ cacheID }) => cacheID ?? ''), ...mounts])
}

/** A container for the model. */
export function storeContainer(reading: RootReading, container: Container): StoreContainer {
  const { id, name, root, config } = container
  return {
    id,
    name,
    imageID: config.value.Image ?? '',
    driver: root.driver.name,
    parent: containerMount(reading, container)?.parent,
    image: () => containerImage(reading, container),
    parts: (options) => containerParts(reading, container, options),
  }
}

const v2Metadata = goList(goStruct({ SourceRepository: z.optional(z.string()) }), {})

/** Repositories that layers of an image were pulled from or pushed to (distribution/v2metadata-by-diffid). */
export function sourcesOf({ store, context }: RootReading, root: DriverRoot, { layers }: Image): readonly string[] {
  const found = layers.flatMap(({ claims }) => {
    if (claims.diffID === undefined) return []
    const path = `${root.image}/distribution/v2metadata-by-diffid/sha256/${hexOf(claims.diffID)}`
    try {
      const bytes = readStored(store, path, context.limits)
      if (bytes === undefined) return []
      return parseJson(bytes, v2Metadata, path).value.flatMap((one) => one.SourceRepository ?? [])
    } catch {
      return [] // it is a hint, and no part of any image
    }
  })
  return [...new Set(found)].sort()
}
