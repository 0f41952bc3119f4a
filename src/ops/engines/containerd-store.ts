import { posix } from 'node:path'
import { asDigest, digestOf, type Digest } from '../../bytes/digest.js'
import { bytesSource, type ByteSource } from '../../bytes/source.js'
import type { Peel } from '../../model/load-view.js'
import { goClean } from './go-path.js'
import { refuseManyValues } from './document-reader.js'
import { decodeFirst } from './go-syntax.js'
import { misfit, struct, text } from './go-types.js'
import { rawWords, tarWords } from './layer-facts.js'
import { Stop, type Given } from './prediction.js'
import { textFrom, valueOf } from './docker-config.js'
import { plainEntry, readSaveManifest, type SaveEntry } from './save-manifest.js'

/** A blob of the content store. */
export interface StoredBlob {
  readonly digest: Digest
  readonly size: number
  readonly source: ByteSource
}

/** What an import reads of an archive, in one pass over its members (FORMATS 1.6, 2.2). */
export interface Ingested {
  /** By cleaned name, where documents look. */
  readonly byName: Map<string, StoredBlob>
  /** By content: names of blobs are not trusted. */
  readonly byDigest: Map<string, StoredBlob>
  /** Symlinks by their name, with the one path that each leads to. */
  readonly links: ReadonlyMap<string, string>
  /** Undefined where there is no oci-layout. */
  readonly layoutVersion: string | undefined
  /** The entries of the last manifest.json; undefined where there is none, or `null` in it. */
  readonly entries: readonly SaveEntry[] | undefined
}

const SAVE_LIST = '[]struct { Config string; RepoTags []string; Layers []string }'
// json members are cut at 20 MiB.
const MOST_JSON = 20 * 1024 * 1024

/** Reads the members as containerd's ImportIndex does: names cleaned, only regular files, the last of a name counts. */
export async function ingest(given: Given): Promise<Ingested> {
  const { view } = given
  const [peel, second] = view.peels
  if (second !== undefined) throw new Stop('archive/tar: invalid tar header')
  const [byName, byDigest] = [new Map<string, StoredBlob>(), new Map<string, StoredBlob>()]
  const links = new Map<string, string>()
  let layoutVersion: string | undefined
  let entries: Ingested['entries']
  for (const { name, type, link, source } of view.members) {
    if (type === 'symlink') links.set(name, goClean(`${posix.dirname(name)}/${link}`))
    if (type !== 'file') continue
    const key = goClean(name)
    if (source === undefined) throw new Stop(`failed to ingest ${JSON.stringify(key)}: ${cutWords(peel)}`)
    if (key === 'oci-layout') layoutVersion = await readLayout(source, given)
    else if (key === 'manifest.json') entries = await readEntries(source, given)
    else {
      const blob = await store(source, given)
      byName.set(key, blob)
      byDigest.set(blob.digest, blob)
    }
  }
  const isEnded = view.end.marker === 'two-zero-blocks'
  if (peel?.problem === 'broken' && !isEnded) throw new Stop('failed to ingest: unexpected EOF')
  if (view.end.fault !== undefined) throw new Stop(tarWords(view.end.fault))
  if (view.end.size > 0 && view.end.size < 512) throw new Stop(rawWords(view.end.size) ?? '')
  return { byName, byDigest, links, layoutVersion, entries }
}

function cutWords(peel: Peel | undefined): string {
  return peel?.compression === 'gzip' && peel.problem === 'broken'
    ? 'failed to copy: exit status 1: unpigz: skipping: <stdin>: corrupted -- incomplete deflate data'
    : 'short read: unexpected EOF'
}

async function readLayout(source: ByteSource, given: Given): Promise<string> {
  const decoded = decodeFirst(await readJson(source, given))
  const fault =
    'fault' in decoded ? decoded.fault : misfit(decoded.value, struct('ImageLayout', { imageLayoutVersion: text }))
  if ('fault' in decoded || fault !== undefined) throw new Stop(`untar oci layout "oci-layout": ${fault ?? ''}`)
  return textFrom(valueOf(decoded.value, 'imageLayoutVersion'))
}

/** Read when it is met, whether an index.json wins over it or not. */
async function readEntries(source: ByteSource, given: Given): Promise<Ingested['entries']> {
  const read = readSaveManifest(await readJson(source, given), { way: 'first', entry: plainEntry, listName: SAVE_LIST })
  if ('fault' in read) throw new Stop(`untar manifest "manifest.json": ${read.fault}`)
  return read.isNull ? undefined : read.entries
}

async function readJson(source: ByteSource, { context }: Given): Promise<Uint8Array> {
  const bytes = await source.read({ offset: 0, length: Math.min(source.size, MOST_JSON) }, context.signal)
  refuseManyValues(bytes, context.limits)
  return bytes
}

async function store(source: ByteSource, { layers }: Given): Promise<StoredBlob> {
  const { digest, size } = await layers.read(source)
  return { digest, size, source }
}

/** A document that the import itself writes. */
export function writtenBlob(json: string): StoredBlob {
  const bytes = new TextEncoder().encode(json)
  return { digest: digestOf(bytes), size: bytes.length, source: bytesSource(bytes, 'manifest') }
}

/** A blob by the digest that a document claims; undefined where the store has none such. */
export function blobOf(ingested: Ingested, digest: string): StoredBlob | undefined {
  const known = asDigest(digest)
  return known === undefined ? undefined : ingested.byDigest.get(known)
}
