import { digestOf, type Digest } from '../../bytes/digest.js'
import type { ByteSource } from '../../bytes/source.js'
import type { LoadMember } from '../../model/load-view.js'
import { checkPeels, digestFault, type CopyRules } from './copy-rules.js'
import { goClean } from './go-path.js'
import { tarWords, type LayerFacts } from './layer-facts.js'
import { Stop, type Given } from './prediction.js'
import { fullEntry, readSaveManifest, type SaveEntry } from './save-manifest.js'
import { storeStack, type StoreStack } from './store-layers.js'

/** Reads manifest.json as `docker-archive:` of containers/image does: of several members of a name the first counts. */
export async function readArchiveManifest(given: Given, rules: CopyRules): Promise<readonly SaveEntry[]> {
  checkPeels(given.view, rules)
  const { source } = component(given, 'manifest.json', 'loading tar component manifest.json')
  const read = readSaveManifest(await bytesOf(source, given), {
    way: 'whole',
    entry: fullEntry('ManifestItem'),
    listName: '[]tarfile.ManifestItem',
  })
  if ('fault' in read) throw new Stop(`decoding tar manifest.json: ${read.fault}`)
  return read.entries
}

interface Component {
  readonly source: ByteSource | 'empty'
}

/** A member by its cleaned name; one link is followed, joined as text. Errors: Stop. */
function component({ view, members }: Given, path: string, doing: string): Component {
  const first = members.clean.get(goClean(path))
  const linked = first?.type === 'symlink' ? goClean(`${dirname(path)}/${first.link}`) : undefined
  const found = linked === undefined ? first : members.clean.get(linked)
  if (found === undefined) {
    const { fault } = view.end
    throw new Stop(`${doing}: ${fault === undefined ? 'file does not exist' : tarWords(fault)}`)
  }
  // Go calls a hard link a regular file, and reads nothing from it.
  if (found.type === 'hardlink') return { source: 'empty' }
  if (found.type !== 'file' && found.type !== 'unknown') {
    throw new Stop(`${doing}: Error reading tar archive component ${JSON.stringify(found.name)}: not a regular file`)
  }
  if (found.source === undefined) throw new Stop(`${doing}: unexpected EOF`)
  return { source: found.source }
}

function dirname(path: string): string {
  const clean = goClean(path)
  return clean.includes('/') ? clean.slice(0, clean.lastIndexOf('/')) : '.'
}

async function bytesOf(source: Component['source'], { documents }: Given): Promise<Uint8Array> {
  return source === 'empty' ? new Uint8Array(0) : documents.read(source)
}

/** An image that was copied. */
export interface Copied {
  readonly imageID: Digest
  readonly diffIDs: readonly string[]
}

/** Copies one image of a docker-archive to where these layers are already. Errors: Stop, in the words of containers/image. */
export async function copySaved(
  given: Given,
  rules: CopyRules,
  entry: SaveEntry,
  stored: ReadonlySet<string> = new Set(),
): Promise<Copied> {
  const doing = `loading tar component ${JSON.stringify(entry.config)}`
  const bytes = await bytesOf(component(given, entry.config, doing).source, given)
  const read = given.documents.config(bytes, 'docker')
  if ('fault' in read) throw new Stop(`decoding tar config ${JSON.stringify(entry.config)}: ${read.fault}`)
  const { diffIDs } = read.config
  if (diffIDs === undefined) {
    throw new Stop(`Invalid image config (rootFS is not set): ${JSON.stringify(entry.config)}`)
  }
  if (entry.layers.length !== diffIDs.length) {
    throw new Stop(`Inconsistent layer count: ${entry.layers.length} in manifest, ${diffIDs.length} in config`)
  }
  const layers = await prepare(given, entry.layers, diffIDs)
  const stack = storeStack(given, rules)
  for (const diffID of diffIDs) {
    await copyLayer(given, stack, { diffID, prepared: layers.get(diffID), isStored: stored.has(diffID) })
  }
  return { imageID: digestOf(bytes), diffIDs }
}

interface Prepared {
  readonly path: string
  readonly size: number
}

/** Looks for the layers in one pass over the whole archive, and uncompresses them to know their sizes. */
async function prepare(
  given: Given,
  paths: readonly string[],
  diffIDs: readonly string[],
): Promise<ReadonlyMap<string, Prepared>> {
  const layers = new Map<string, Prepared>()
  const unknown = new Map<string, string>()
  for (const [index, diffID] of diffIDs.entries()) {
    if (layers.has(diffID)) continue
    const path = goClean(paths[index] ?? '')
    if (unknown.has(path)) throw new Stop(`Layer tarfile ${JSON.stringify(path)} used for two different DiffID values`)
    unknown.set(path, diffID)
    layers.set(diffID, { path, size: -1 })
  }
  for (const member of given.view.members) {
    const diffID = unknown.get(goClean(member.name))
    if (diffID === undefined) continue
    unknown.delete(goClean(member.name))
    layers.set(diffID, { path: goClean(member.name), size: await sizeOf(given, member) })
  }
  const { fault } = given.view.end
  if (fault !== undefined) throw new Stop(tarWords(fault))
  if (unknown.size > 0) throw new Stop('Some layer tarfiles are missing in the tarball')
  return layers
}

async function sizeOf({ layers }: Given, { source, size, name, type }: LoadMember): Promise<number> {
  if (source === undefined) return type === 'file' ? size : 0
  const facts = await layers.read(source)
  if (facts.stream !== 'sound') {
    const words = facts.stream === 'checksum' ? 'gzip: invalid checksum' : 'unexpected EOF'
    throw new Stop(`reading ${JSON.stringify(name)} to find its size: ${words}`)
  }
  return size
}

async function copyLayer(
  given: Given,
  stack: StoreStack,
  { diffID, prepared, isStored }: { diffID: string; prepared: Prepared | undefined; isStored: boolean },
): Promise<void> {
  const fault = digestFault(diffID)
  if (fault !== undefined) throw new Stop(`trying to reuse blob ${diffID} at destination: ${fault}`)
  if (stack.has(diffID)) return
  const { source } = component(given, prepared?.path ?? '', `reading blob ${diffID}`)
  const facts = source === 'empty' ? undefined : await given.layers.read(source)
  const got = facts === undefined ? digestOf(new Uint8Array(0)) : contentDigest(facts)
  if (got !== diffID) {
    throw new Stop(`writing blob: happened during read: Digest did not match, expected ${diffID}, got ${got}`)
  }
  // A link has no size of its own, which what it leads to is held against when it is read.
  if (!isStored && prepared?.size === 0 && facts !== undefined && facts.size > 0) {
    throw new Stop(`Size mismatch when copying ${diffID}, expected 0`)
  }
  if (facts !== undefined) stack.add(diffID, facts)
}

/** What is read of a layer: uncompressed where the magic is one that containers/image knows. */
function contentDigest(facts: LayerFacts): string {
  return facts.isSkippable ? facts.digest : (facts.diffID ?? facts.digest)
}
