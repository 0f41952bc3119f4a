import type { EngineName } from '../../model/engine-names.js'
import { digestOf, type Digest } from '../../bytes/digest.js'
import { familiarName } from '../../model/reference.js'
import { isFault, lookUp } from './disk.js'
import { extract, type Extracted } from './docker-archive.js'
import type { LoaderConfig } from './docker-config.js'
import { layerStack } from './docker-layers.js'
import type { DockerRules } from './docker-rules.js'
import { loadV1 } from './docker-v1.js'
import {
  addImage,
  giveName,
  Stop,
  stopIf,
  type Engine,
  type Given,
  type LoadedImage,
  type Loading,
} from './prediction.js'
import { referenceFault, taggedReference } from './references.js'
import { fullEntry, readSaveManifest, type SaveEntry } from './save-manifest.js'

/** dockerd with a graph driver: `docker load` (FORMATS 2.1 to 2.4). */
export function dockerEngine(id: EngineName, title: string, rules: DockerRules): Engine {
  return { id, title, load: (given, loading) => load(given, loading, rules) }
}

async function load(given: Given, loading: Loading, rules: DockerRules): Promise<void> {
  const extracted = extract(given, rules)
  const place = lookUp(extracted.root, 'manifest.json', 'all')
  if (isFault(place) || place.node === undefined) {
    if (!rules.v1) throw new Stop('invalid archive: does not contain a manifest.json')
    await loadV1(given, loading, rules, extracted)
    return
  }
  const bytes = await given.documents.read(extracted.file('manifest.json'))
  const manifest = readSaveManifest(bytes, {
    way: 'first',
    entry: fullEntry('manifestItem'),
    listName: '[]tarexport.manifestItem',
  })
  if ('fault' in manifest) throw new Stop(manifest.fault)
  if (manifest.isNull && rules.nullManifest === 'refused') {
    throw new Stop('invalid manifest, manifest cannot be null (but can be [])')
  }
  for (const name of ['index.json', 'oci-layout']) {
    if (extracted.root.children.has(name)) loading.ignores.add(`${name}: only manifest.json is read`)
  }
  const loaded: { readonly id: Digest; readonly entry: SaveEntry; readonly config: LoaderConfig }[] = []
  for (const entry of manifest.entries) {
    const { id, config } = await loadImage(given, loading, rules, extracted, entry)
    loaded.push({ id, entry, config })
  }
  checkParents(loaded)
}

async function loadImage(
  given: Given,
  loading: Loading,
  rules: DockerRules,
  extracted: Extracted,
  entry: SaveEntry,
): Promise<{ readonly id: Digest; readonly config: LoaderConfig }> {
  const bytes = await given.documents.read(extracted.file(entry.config))
  const read = given.documents.config(bytes, 'docker')
  if ('fault' in read) throw new Stop(rules.wraps ? oldTimeWords(read.fault) : read.fault)
  const { config } = read
  if (config.diffIDs === undefined) throw new Stop('invalid image JSON, no RootFS key')
  checkOS(config.os, rules)
  if (entry.layers.length !== config.diffIDs.length) {
    const [expected, got] = [entry.layers.length, config.diffIDs.length]
    throw new Stop(`invalid manifest, layers length mismatch: expected ${expected}, got ${got}`)
  }
  const stack = layerStack(given, rules)
  for (const [index, path] of entry.layers.entries()) {
    const diffID: string = await stack.add(extracted.file(path))
    const expected = config.diffIDs[index] ?? ''
    if (diffID !== expected) {
      throw new Stop(`invalid diffID for layer ${index}: expected "${expected}", got "${diffID}"`)
    }
  }
  if (config.claimed > config.diffIDs.length) throw new Stop('too many non-empty layers in History section')
  const id = digestOf(bytes)
  tellConfig(loading, entry, config, id)
  const image = addImage(loading, id)
  for (const tag of entry.tags) takeName(loading, image, tag, rules)
  return { id, config }
}

// Up to Go 1.19 a time that cannot be read is shown with the quotes of its JSON.
function oldTimeWords(fault: string): string {
  const time = /^parsing time "(.*)" as "(.*)": cannot parse/.exec(fault)
  if (time === null) return fault
  const [, shown = '', layout = ''] = time
  return `parsing time "\\"${shown}\\"" as "\\"${layout}\\"": cannot parse "${shown}\\"" as "2006"`
}

function tellConfig(loading: Loading, entry: SaveEntry, config: LoaderConfig, id: Digest): void {
  const named = /[a-f0-9]{64}/.exec(entry.config)?.[0]
  if (named !== undefined && !id.endsWith(named)) {
    loading.ignores.add(`the name of ${entry.config}: the image ID is ${id}`)
  }
  if (config.rootfsType !== 'layers') loading.ignores.add(`rootfs.type ${JSON.stringify(config.rootfsType)}`)
  if (config.history.length > 0 && config.claimed < (config.diffIDs?.length ?? 0)) {
    loading.ignores.add('that the history tells of fewer layers than there are')
  }
}

function checkOS(os: string, { foreignOS }: DockerRules): void {
  if (os === '' || os === 'linux') return
  if (os === 'windows') throw new Stop('cannot load windows image on linux')
  if (foreignOS === 'panic') throw new Stop('EOF')
  stopIf(os.toLowerCase() === 'linux' ? undefined : `cannot load ${os} image on linux`)
}

function takeName(loading: Loading, image: LoadedImage, tag: string, rules: DockerRules): void {
  const fault = referenceFault(tag, rules.wraps ? 'old' : 'new')
  if (fault !== undefined) throw new Stop(fault)
  const reference = taggedReference(tag)
  if (reference === undefined) throw new Stop(`invalid tag ${JSON.stringify(tag)}`)
  giveName(loading, image, familiarName(reference))
}

/** A parent in the same archive must be the image less its last step (FORMATS 2.1, step 5). */
function checkParents(
  loaded: readonly { readonly id: Digest; readonly entry: SaveEntry; readonly config: LoaderConfig }[],
): void {
  const known = new Map<string, (typeof loaded)[number]>(loaded.map((one) => [one.id, one]))
  for (const { id, entry, config } of loaded) {
    const parent = known.get(entry.parent)
    if (parent === undefined) continue
    const { history } = parent.config
    const isParent =
      (history.length === 0 && config.history.length === 0) ||
      (config.history.length - history.length === 1 &&
        history.every((one, at) => JSON.stringify(one) === JSON.stringify(config.history[at])))
    if (!isParent) throw new Stop(`image ${parent.id} is not a valid parent for ${id}`)
  }
}
