import type { EngineName } from '../../model/engine-names.js'
import { digestOf } from '../../bytes/digest.js'
import type { ByteSource } from '../../bytes/source.js'
import { familiarTagged } from '../../model/reference.js'
import { readConfig, type LoaderConfig } from './docker-config.js'
import { goClean } from './go-path.js'
import { decodeFirst } from './go-syntax.js'
import { tarWords, type LayerFacts } from './layer-facts.js'
import { Stop, type Engine, type Given, type Loading } from './prediction.js'
import { readSaveManifest, sourcedEntry, type SaveEntry } from './save-manifest.js'

/** `crane validate --tarball` (PEERS 2): one image, no compression around it, layers gzip or plain. */
export function craneEngine(id: EngineName, title: string): Engine {
  return { id, title, load }
}

async function load(given: Given, loading: Loading): Promise<void> {
  if (given.view.peels.length > 0) throw new Stop('archive/tar: invalid tar header')
  const read = readSaveManifest(await documentAt(given, 'manifest.json'), {
    way: 'first',
    entry: sourcedEntry,
    listName: 'tarball.Manifest',
  })
  if ('fault' in read) throw new Stop(read.fault)
  const [entry] = read.entries
  if (entry === undefined || read.entries.length > 1) {
    throw new Stop('tarball must contain only a single image to be used with tarball.Image')
  }
  const bytes = await documentAt(given, entry.config)
  const [base] = entry.layers
  const isCompressed = base !== undefined && (await isGzipOrZstd(given, base))
  const config = readConfig(bytes, 'crane', decodeFirst)
  if ('fault' in config) throw new Stop(config.fault)
  await validate(given, entry, config.config, isCompressed)
  loading.images.push({ imageID: digestOf(bytes), names: new Set(entry.tags.map(familiarTagged)) })
}

/** A member by exactly that name; a link is followed, joined as text. */
function member({ view, members }: Given, path: string): ByteSource | 'empty' {
  let name = path
  for (let hops = 0; hops < 1000; hops++) {
    const found = members.stored.get(name)
    if (found === undefined) throw new Stop(absent(view.end.fault, name))
    if (found.type !== 'symlink' && found.type !== 'hardlink') return found.source ?? 'empty'
    name = goClean(`${name.includes('/') ? name.slice(0, name.lastIndexOf('/')) : '.'}/${goClean(found.link)}`)
  }
  throw new Stop('too many open files')
}

function absent(fault: Given['view']['end']['fault'], name: string): string {
  return fault === undefined ? `file ${name} not found in tar` : tarWords(fault)
}

async function documentAt(given: Given, path: string): Promise<Uint8Array> {
  const source = member(given, path)
  return source === 'empty' ? new Uint8Array(0) : given.documents.read(source)
}

async function isGzipOrZstd(given: Given, path: string): Promise<boolean> {
  const source = member(given, path)
  if (source === 'empty') return false
  const { compression, isSkippable } = await given.layers.read(source)
  return compression === 'gzip' || (compression === 'zstd' && !isSkippable)
}

async function validate(given: Given, entry: SaveEntry, config: LoaderConfig, isCompressed: boolean): Promise<void> {
  const diffIDs = config.diffIDs ?? []
  for (const diffID of diffIDs) checkHash(diffID)
  // The base layer tells of all layers whether they are compressed.
  const count = isCompressed ? Math.min(entry.layers.length, diffIDs.length) : diffIDs.length
  for (let index = 0; index < count; index++) {
    const path = entry.layers[index]
    if (path === undefined) {
      throw new Stop(`panic: runtime error: index out of range [${index}] with length ${entry.layers.length}`)
    }
    const source = member(given, path)
    const facts = source === 'empty' ? undefined : await given.layers.read(source)
    if (facts !== undefined) checkCompression(facts, isCompressed)
    checkLayer(facts, index, diffIDs[index] ?? '', given)
  }
  if (config.rootfsType !== 'layers') {
    throw new Stop(`invalid ConfigFile.RootFS.Type: ${JSON.stringify(config.rootfsType)} != "layers"`)
  }
}

function checkCompression({ compression }: LayerFacts, isCompressed: boolean): void {
  if (!isCompressed && compression !== 'none') throw new Stop('archive/tar: invalid tar header')
  if (isCompressed && compression !== 'gzip') throw new Stop('gzip: invalid header')
}

function checkHash(diffID: string): void {
  const hex = diffID.slice(diffID.indexOf(':') + 1)
  const odd = /[^a-f0-9]/.exec(hex)?.[0]
  if (odd !== undefined) throw new Stop(`found non-hex character in hash: ${odd}`)
  if (!diffID.startsWith('sha256:')) throw new Stop(`unsupported hash: ${JSON.stringify(diffID)}`)
  if (hex.length !== 64) throw new Stop(`wrong number of hex digits for sha256: ${hex}`)
}

function checkLayer(facts: LayerFacts | undefined, index: number, diffID: string, given: Given): void {
  const got = facts === undefined ? digestOf(new Uint8Array(0)) : facts.diffID
  if (facts !== undefined) {
    if (facts.stream !== 'sound') throw new Stop(`undersized layer[${index}] content`)
    if (facts.fault !== undefined) throw new Stop(tarWords(facts.fault))
    checkNames(facts, given)
  }
  if (got !== diffID) {
    throw new Stop(`mismatched layer[${index}] diffid: DiffID()=${diffID}, SHA256(Gunzip(Compressed()))=${got ?? ''}`)
  }
}

// As stored: `./a` is not `a`, though it is where they are unpacked.
function checkNames(facts: LayerFacts, { unpackings }: Given): void {
  const { entries } = facts
  if (unpackings.unique(facts) === entries.length) return
  const seen = new Set<string>()
  for (const { name } of entries) {
    if (seen.has(name)) throw new Stop(`duplicate file path: ${name}`)
    seen.add(name)
  }
}
