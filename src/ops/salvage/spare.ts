import type { ByteSource } from '../../bytes/source.js'
import { digestOf, hexOf } from '../../bytes/digest.js'
import type { SalvagedPart } from '../../model/report-salvage.js'
import { hashNamed, type FoundDocument } from './documents.js'
import type { Salvaged } from './index.js'

/** Something intact that no whole image uses, to be kept as a file. */
export interface SparePart {
  readonly part: Omit<SalvagedPart, 'path'>
  /** Relative to the folder of the output. */
  readonly name: string
  readonly content: ByteSource | Uint8Array
}

const SUFFIXES = { none: '.tar', gzip: '.tar.gz', zstd: '.tar.zst', xz: '.tar.xz', bzip2: '.tar.bz2' } as const

/** What is intact in a damaged archive and is not in any image that is whole; each once. */
export function spareParts({ images, pool, documents }: Salvaged): readonly SparePart[] {
  const used = new Set<string>()
  for (const { whole, layers } of images) {
    if (whole === undefined) continue
    if (whole.configSource.kind === 'stored') used.add(whole.configSource.document.digest)
    for (const { diffID } of layers) if (diffID !== undefined) used.add(diffID)
  }
  const parts = new Map<string, SparePart>()
  for (const { member, measured, state } of pool.parts) {
    const { diffID, digest, size, compression } = measured
    if (state === 'damaged' || diffID === undefined || used.has(diffID)) continue
    const name = `layers/${hexOf(diffID)}${SUFFIXES[compression]}`
    const part = { kind: 'layer' as const, member: member.path, digest, diffID, state, size }
    if (!parts.has(name)) parts.set(name, { part, name, content: member.source })
  }
  for (const found of documents.configs) addDocument('config', found, used, parts)
  // A manifest is of use only with an image that it describes.
  const wholes = new Set(images.flatMap(({ whole }) => whole?.manifest?.digest ?? []))
  for (const found of documents.manifests) addDocument('manifest', found, wholes, parts)
  return [...parts.values()]
}

function addDocument(
  kind: 'config' | 'manifest',
  { document, member }: FoundDocument<unknown>,
  used: ReadonlySet<string>,
  parts: Map<string, SparePart>,
): void {
  const digest = digestOf(document.bytes)
  const named = hashNamed(member.path)
  if (used.has(digest) || (named !== undefined && named !== hexOf(digest))) return
  const name = `${kind}s/${hexOf(digest)}.json`
  const state = named === undefined ? ('unproved' as const) : ('intact' as const)
  const part = { kind, member: member.path, digest, state, size: document.bytes.length }
  parts.set(name, { part, name, content: document.bytes })
}
