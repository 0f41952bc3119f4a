import { asDiffID, hexOf, type DiffID } from '../../bytes/digest.js'
import type { RunContext } from '../../context.js'
import type { FindingLog } from '../../model/finding-log.js'
import type { Layer } from '../../model/image.js'
import { exactTar, type SplitAssembly } from '../../tar/split-assembly.js'
import { layerKey } from './drivers.js'
import type { DriverRoot } from './layout.js'
import { readText, type Store } from './store.js'

/** What layerdb says of one layer. */
export interface LayerRecord {
  readonly chainID: string
  /** Key of its folder in layerdb. */
  readonly key: string
  readonly diffID: DiffID | undefined
  readonly parent: string | undefined
  readonly cacheID: string | undefined
  /** Bytes of the layer's files, as docker counts them. */
  readonly size: number | undefined
}

/** Key of layerdb's folder of layers. */
export function layersKey({ image }: DriverRoot): string {
  return `${image}/layerdb/sha256`
}

/** The record of a chain, or undefined where layerdb has none. */
export function layerRecord(
  store: Store,
  root: DriverRoot,
  chainID: string,
  { limits }: RunContext,
): LayerRecord | undefined {
  const key = `${layersKey(root)}/${hexOf(chainID)}`
  if (store.typeOf(key) !== 'directory') return undefined
  const text = (name: string) => readText(store, `${key}/${name}`, limits)
  const size = Number(text('size') ?? Number.NaN)
  const cacheID = text('cache-id')
  return {
    chainID,
    key,
    diffID: asDiffID(text('diff') ?? ''),
    parent: text('parent'),
    // It becomes part of a path.
    cacheID: cacheID !== undefined && /^[A-Za-z0-9_-]+$/.test(cacheID) ? cacheID : undefined,
    size: Number.isSafeInteger(size) && size >= 0 ? size : undefined,
  }
}

/** Where a layer's sidecar and files lie; undefined where one of them is gone, which is told. */
export function assemblyOf(
  store: Store,
  root: DriverRoot,
  record: LayerRecord,
  log: FindingLog,
): SplitAssembly | undefined {
  const sidecar = `${record.key}/tar-split.json.gz`
  const place = store.place(sidecar)
  const file = store.open(sidecar)
  if (typeof file === 'string' || place === undefined) {
    log.add(
      'STORE_SIDECAR',
      `the tar-split.json.gz of a layer is ${file === 'unreadable' ? 'unreadable' : 'missing'}`,
      {
        path: sidecar,
      },
    )
    return undefined
  }
  const { size } = file
  file.close()
  const base = record.cacheID === undefined ? undefined : layerKey(root.root, root.driver, record.cacheID)
  if (base === undefined || store.typeOf(base) !== 'directory') {
    log.add('STORE_CONTENT_MISSING', 'the files of a layer are gone, all of them', { path: base ?? record.key })
  }
  return {
    location: `${store.location} › ${sidecar}`,
    sidecar: { ...place, size },
    files: store.locator(base ?? `${record.key}/nothing`),
  }
}

/** A layer of an image, from its record; `claimed` is the diffID of the image's config. */
export function splitLayer(
  index: number,
  record: LayerRecord,
  claimed: DiffID | undefined,
  assembly: SplitAssembly,
): Layer {
  return {
    index,
    state: 'assembled',
    path: record.key,
    claims: {
      ...(claimed !== undefined && { diffID: claimed }),
      ...(record.size !== undefined && { contentSize: record.size }),
    },
    blob: undefined,
    assembly,
    tar: (context) => exactTar(assembly, { ...context, checkContents: true }),
  }
}

/** Tells where a chain does not compute: the record must have this diffID, and its parent must be the chain below. */
export function tellChain(
  record: LayerRecord,
  expected: { readonly diffID: DiffID | undefined; readonly parent: string | undefined },
  log: FindingLog,
): void {
  const { diffID, parent } = expected
  if (diffID !== undefined && record.diffID !== diffID) {
    log.add('STORE_CHAIN', 'layerdb has another diffID for a layer than the image', {
      path: `${record.key}/diff`,
      expected: diffID,
      actual: record.diffID ?? 'nothing',
    })
  }
  if (record.parent !== parent) {
    log.add('STORE_CHAIN', 'layerdb has another parent for a layer than the image', {
      path: `${record.key}/parent`,
      expected: parent ?? 'nothing',
      actual: record.parent ?? 'nothing',
    })
  }
}
