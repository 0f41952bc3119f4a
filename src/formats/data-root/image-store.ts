import { z } from 'zod/mini'
import { asDiffID, digestOf, hexOf, type DiffID } from '../../bytes/digest.js'
import { toArchiveError } from '../../errors.js'
import { chainIDs } from '../../model/chain-id.js'
import { imageConfig, type ImageConfig } from '../../model/config.js'
import type { ConfigSource, Image, Layer } from '../../model/image.js'
import { goMap, goStruct, parseJson } from '../../model/json.js'
import { familiarName, parseReference } from '../../model/reference.js'
import type { SplitAssembly } from '../../tar/split-assembly.js'
import { platformOf } from '../images.js'
import { missingLayer } from '../layers.js'
import { assemblyOf, layerRecord, splitLayer, tellChain, type LayerRecord } from './layer-store.js'
import type { DriverRoot } from './layout.js'
import type { RootReading } from './reading.js'
import { readStored } from './store.js'

const repositoriesJson = goStruct({ Repositories: goMap(goMap(z.string())) })

/** Names of images: those with a tag, and those with a digest. */
interface Names {
  readonly tags: ReadonlyMap<string, readonly string[]>
  readonly digests: ReadonlyMap<string, readonly string[]>
}

/** The images of one driver, sorted by their IDs; what is damaged is a finding. */
export function readImages(reading: RootReading, root: DriverRoot): readonly Image[] {
  const { store, log } = reading
  const folder = `${root.image}/imagedb/content/sha256`
  const ids = store.list(folder).filter((name) => /^[a-f0-9]{64}$/.test(name))
  const names = readNames(reading, root)
  const images = ids.map((id) => readImage(reading, root, { id, names }))
  for (const [id, own] of [...names.tags, ...names.digests]) {
    if (ids.includes(hexOf(id))) continue
    const path = `${root.image}/repositories.json`
    log.add('CONFIG_MISSING', `${own.join(', ')} names an image that is gone`, { path, expected: id })
  }
  return images
}

function readImage(
  reading: RootReading,
  root: DriverRoot,
  { id, names }: { readonly id: string; readonly names: Names },
): Image {
  const { store, context } = reading
  const path = `${root.image}/imagedb/content/sha256/${id}`
  const bytes = readStored(store, path, context.limits) ?? new Uint8Array(0)
  const { source, config } = readConfig(reading, { bytes, path, id })
  return {
    names: names.tags.get(`sha256:${id}`) ?? [],
    repoDigests: names.digests.get(`sha256:${id}`) ?? [],
    platform: platformOf(config),
    config,
    configSource: source,
    manifest: undefined,
    layers: readLayers(reading, root, config.rootfs?.diff_ids ?? []),
    attachments: [],
    path,
  }
}

/** The image of that hex ID, without names; undefined where it is not there. */
export function readImageOf(reading: RootReading, root: DriverRoot, id: string): Image | undefined {
  const isThere =
    /^[a-f0-9]{64}$/.test(id) && reading.store.typeOf(`${root.image}/imagedb/content/sha256/${id}`) === 'file'
  return isThere ? readImage(reading, root, { id, names: { tags: new Map(), digests: new Map() } }) : undefined
}

/** The config of an image by its hex ID, as far as it can be read; nothing is told of it. */
export function readConfigOf({ store, context }: RootReading, root: DriverRoot, id: string): ImageConfig | undefined {
  const path = `${root.image}/imagedb/content/sha256/${id}`
  try {
    const bytes = /^[a-f0-9]{64}$/.test(id) ? readStored(store, path, context.limits) : undefined
    return bytes === undefined ? undefined : parseJson(bytes, imageConfig, path).value
  } catch {
    return undefined
  }
}

interface ConfigFile {
  readonly bytes: Uint8Array
  readonly path: string
  readonly id: string
}

/** The config, whose sha256 is its name; one that cannot be read is a finding and leaves the image without. */
function readConfig(
  { store, log }: RootReading,
  { bytes, path, id }: ConfigFile,
): { readonly source: ConfigSource; readonly config: ImageConfig } {
  const digest = digestOf(bytes)
  if (digest !== `sha256:${id}`) {
    const message = 'the config of an image does not have the digest that is its name'
    log.add('CONFIG_DIGEST_MISMATCH', message, { path, expected: `sha256:${id}`, actual: digest })
  }
  try {
    const document = parseJson(bytes, imageConfig, `${store.location} › ${path}`)
    return { source: { kind: 'stored', document, path }, config: document.value }
  } catch (error) {
    log.addError('CONFIG_INVALID', toArchiveError(error), { path })
    return { source: { kind: 'absent', path }, config: {} }
  }
}

function readLayers(reading: RootReading, root: DriverRoot, diffIDs: readonly string[]): readonly Layer[] {
  const known: DiffID[] = []
  for (const text of diffIDs) {
    const diffID = asDiffID(text)
    if (diffID === undefined) break
    known.push(diffID)
  }
  const chains = chainIDs(known)
  return diffIDs.map((text, index) => {
    const [chainID, diffID] = [chains[index], known[index]]
    if (chainID === undefined) return lost(reading, index, undefined, text)
    return sharedLayer(reading, root, { index, chainID, diffID, parent: chains[index - 1] })
  })
}

const MOST_CHAIN = 1024

/** The layers from the base to a chainID as layerdb has them, for what is known by its chain alone. */
export function readChain(reading: RootReading, root: DriverRoot, top: string): readonly Layer[] {
  const records: LayerRecord[] = []
  for (let chainID: string | undefined = top; chainID !== undefined && records.length < MOST_CHAIN;) {
    const record = layerRecord(reading.store, root, chainID, reading.context)
    if (record === undefined) break
    records.unshift(record)
    chainID = record.parent
  }
  return records.map((record, index) => {
    const { chainID, diffID, parent } = record
    return sharedLayer(reading, root, { index, chainID, diffID, parent })
  })
}

interface Place {
  readonly index: number
  readonly chainID: string
  readonly diffID: DiffID | undefined
  readonly parent: string | undefined
}

/** The layer of a chainID, one object for all images that have it. */
export function sharedLayer(reading: RootReading, root: DriverRoot, place: Place): Layer {
  const key = layerKeyOf(root, place.chainID)
  const layer = reading.layers.get(key) ?? readLayer(reading, root, place)
  reading.layers.set(key, layer)
  return layer
}

function layerKeyOf({ image }: DriverRoot, chainID: string): string {
  return `${image} ${chainID}`
}

function readLayer(reading: RootReading, root: DriverRoot, { index, chainID, diffID, parent }: Place): Layer {
  const { store, log, context } = reading
  const record = layerRecord(store, root, chainID, context)
  if (record === undefined) {
    const path = `${root.image}/layerdb/sha256/${hexOf(chainID)}`
    log.add('STORE_LAYER_MISSING', `layer ${index} is not in layerdb`, { path, layer: index })
    return lost(reading, index, diffID, path)
  }
  tellChain(record, { diffID, parent }, log)
  const assembly = assemblyOf(store, root, record, log)
  if (assembly === undefined) return lost(reading, index, diffID, record.key)
  return splitLayer(index, record, diffID, { ...assembly, ...below(reading, root, parent) })
}

/** Where the trees below a layer lie, whose parent was read before it; drivers with whole trees have all in each. */
function below({ layers }: RootReading, root: DriverRoot, parent: string | undefined): Pick<SplitAssembly, 'below'> {
  const under = parent === undefined ? undefined : layers.get(layerKeyOf(root, parent))?.assembly
  if (under === undefined || root.driver.content === 'tree') return {}
  return { below: [under.files.base, ...(under.below ?? [])] }
}

function lost({ store }: RootReading, index: number, diffID: DiffID | undefined, path: string): Layer {
  return missingLayer(index, path, diffID === undefined ? {} : { diffID }, store.location)
}

function readNames({ store, log, context }: RootReading, { image }: DriverRoot): Names {
  const tags = new Map<string, string[]>()
  const digests = new Map<string, string[]>()
  const path = `${image}/repositories.json`
  const bytes = readStored(store, path, context.limits)
  if (bytes === undefined) log.add('STORE_NAMES', 'repositories.json is missing: images have no names', { path })
  else {
    try {
      const { value } = parseJson(bytes, repositoriesJson, `${store.location} › ${path}`)
      for (const [name, id] of [...value.Repositories.values()].flatMap((one) => [...one])) {
        const reference = parseReference(name)
        const into = reference?.digest === undefined ? tags : digests
        into.set(id, [...(into.get(id) ?? []), reference === undefined ? name : familiarName(reference)].sort())
      }
    } catch (error) {
      log.addError('STORE_NAMES', toArchiveError(error), { path })
    }
  }
  return { tags, digests }
}
