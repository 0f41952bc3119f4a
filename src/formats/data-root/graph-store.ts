import { z } from 'zod/mini'
import { toArchiveError } from '../../errors.js'
import { configFromV1, draftFromV1, parseV1, type V1Document } from '../../model/derived-config.js'
import type { StoreLayer } from '../../model/data-root.js'
import { findingLog } from '../../model/finding-log.js'
import type { Image, Layer } from '../../model/image.js'
import { goMap, goStruct, parseJson } from '../../model/json.js'
import { familiarName, parseReference } from '../../model/reference.js'
import { platformOf } from '../images.js'
import { missingLayer } from '../layers.js'
import { chainOf, documentsOf, parentOf, type V1Node } from '../v1-chain.js'
import type { GraphRoot } from './graph-layout.js'
import { graphAdded, graphLayer } from './graph-layer.js'
import { join } from './layout.js'
import type { Graph, RootReading } from './reading.js'
import { readStored, readText } from './store.js'

const repositoriesJson = goStruct({ Repositories: goMap(goMap(z.string())) })
const ancestorJson = goStruct({ parent_id: z.optional(z.string()) })

/** The image store of a docker up to 1.9, read once; what cannot be read is told. */
export function readGraph(reading: RootReading, root: GraphRoot): Graph {
  const known = reading.graphs.get(root)
  if (known !== undefined) return known
  const nodes = readNodes(reading, root)
  // What is odd about a chain is told of the images that have it.
  const quiet = findingLog(reading.log.archive)
  const graph = {
    images: imagesOf(reading, root, nodes),
    image: (id: string) =>
      nodes.has(id) ? imageOf(reading, root, { id, names: [], chain: chainOf(nodes, id, quiet) }) : undefined,
    layers: () => {
      const chains = [...nodes.keys()].map((id) => chainOf(nodes, id, quiet))
      return chains.sort((a, b) => a.length - b.length).flatMap((chain) => storeLayer(reading, root, chain))
    },
  }
  reading.graphs.set(root, graph)
  return graph
}

function imagesOf(reading: RootReading, root: GraphRoot, nodes: ReadonlyMap<string, V1Node>): readonly Image[] {
  const found = new Map<string, readonly string[]>()
  for (const [id, own] of readNames(reading, root)) {
    if (nodes.has(id)) found.set(id, own)
    else {
      const path = root.repositories ?? root.root
      reading.log.add('V1_PARENT_MISSING', `${own.join(', ')} is ${id}, which is not in the graph`, { path })
    }
  }
  const parents = new Set([...nodes.values()].map(({ document }) => document.value.parent))
  for (const id of nodes.keys()) if (!parents.has(id) && !found.has(id)) found.set(id, [])
  return [...found].map(([id, names]) => imageOf(reading, root, { id, names, chain: chainOf(nodes, id, reading.log) }))
}

/** Every image of the graph by its ID; what cannot be read is told. */
function readNodes(reading: RootReading, { root }: GraphRoot): ReadonlyMap<string, V1Node> {
  const graph = join(root, 'graph')
  const nodes = new Map<string, V1Node>()
  for (const id of reading.store.list(graph)) {
    if (id.startsWith('_') || id.startsWith(':') || reading.store.typeOf(`${graph}/${id}`) !== 'directory') continue
    const node = readNode(reading, id, `${graph}/${id}`)
    if (node !== undefined) nodes.set(id, node)
  }
  return nodes
}

function readNode({ store, log, context }: RootReading, id: string, folder: string): V1Node | undefined {
  const path = `${folder}/json`
  try {
    const bytes = readStored(store, path, context.limits)
    if (bytes === undefined) {
      log.add('V1_INVALID', `the image ${id} has no json`, { path })
      return undefined
    }
    const document = parseV1(bytes, `${store.location} › ${path}`)
    const parent = readText(store, `${folder}/parent`, context.limits) ?? claimedParent(document, bytes, path)
    const own = document.value.id
    if (own !== undefined && own !== '' && own !== id) {
      log.add('V1_ID_MISMATCH', `the folder ${id} holds the image ${own}`, { path, expected: id, actual: own })
    }
    return { id, document: { ...document, value: { ...document.value, parent } }, place: { path } }
  } catch (error) {
    log.addError('V1_INVALID', toArchiveError(error), { path })
    return undefined
  }
}

/** Docker 1.9 knows parents by digests too, which stand in a key of their own. */
function claimedParent({ value }: V1Document, bytes: Uint8Array, path: string): string | undefined {
  if (value.parent !== undefined && value.parent !== '') return value.parent
  return parseJson(bytes, ancestorJson, path).value.parent_id?.replace(/^sha256:/, '')
}

function readNames(
  { store, log, context }: RootReading,
  { repositories }: GraphRoot,
): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>()
  if (repositories === undefined) return names
  try {
    const bytes = readStored(store, repositories, context.limits) ?? new Uint8Array(0)
    const { value } = parseJson(bytes, repositoriesJson, `${store.location} › ${repositories}`)
    for (const [name, tags] of value.Repositories) {
      for (const [tag, id] of tags) {
        const text = tag.includes(':') ? `${name}@${tag}` : `${name}:${tag}`
        const reference = parseReference(text)
        names.set(id, [...(names.get(id) ?? []), reference === undefined ? text : familiarName(reference)].sort())
      }
    }
  } catch (error) {
    log.addError('STORE_NAMES', toArchiveError(error), { path: repositories })
  }
  return names
}

interface GraphImage {
  readonly id: string
  readonly names: readonly string[]
  /** Base first. */
  readonly chain: readonly V1Node[]
}

function imageOf(reading: RootReading, root: GraphRoot, { id, names, chain }: GraphImage): Image {
  const documents = documentsOf(chain)
  const path = join(root.root, `graph/${id}/json`)
  const location = `${reading.store.location} › ${path}`
  const config = draftFromV1(documents, location)
  const digests = names.filter((name) => name.includes('@'))
  return {
    names: names.filter((name) => !name.includes('@')),
    ...(digests.length > 0 && { repoDigests: digests }),
    platform: platformOf(config),
    config: { ...config, rootfs: { type: 'layers' } },
    configSource: { kind: 'derived', make: (diffIDs) => configFromV1(documents, diffIDs, location) },
    manifest: undefined,
    layers: layersOf(reading, root, chain),
    attachments: [],
    v1ID: id,
    path,
  }
}

function layersOf(reading: RootReading, root: GraphRoot, chain: readonly V1Node[]): readonly Layer[] {
  const lost = parentOf(chain[0])
  const gap = lost === undefined ? [] : [missingLayer(0, join(root.root, `graph/${lost}`), {}, reading.store.location)]
  const layers = chain.map(({ id }, at) => {
    const key = `${root.repositories ?? root.root} ${id}`
    const place = { index: gap.length + at, id, parent: chain[at - 1]?.id }
    const layer = reading.layers.get(key) ?? graphLayer(reading, root, place)
    reading.layers.set(key, layer)
    return layer
  })
  return [...gap, ...layers]
}

/** The layer that the top of a chain is; its ID stands for it. */
function storeLayer(reading: RootReading, root: GraphRoot, chain: readonly V1Node[]): readonly StoreLayer[] {
  const layers = layersOf(reading, root, chain)
  const [top, layer] = [chain.at(-1), layers.at(-1)]
  if (top === undefined || layer === undefined) return []
  return [
    {
      chainID: top.id,
      parent: parentOf(top),
      driver: root.name,
      cacheID: top.id,
      layer,
      added: (context) => graphAdded(reading, root, { id: top.id, layers }, context),
    },
  ]
}
