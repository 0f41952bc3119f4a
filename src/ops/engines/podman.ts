import type { EngineName } from '../../model/engine-names.js'
import { parseReference } from '../../model/reference.js'
import type { CopyRules } from './copy-rules.js'
import { copyLayout } from './layout-copy.js'
import { addImage, giveName, Stop, type Engine, type Given, type Loading } from './prediction.js'
import { referenceFault } from './references.js'
import { copySaved, readArchiveManifest } from './save-copy.js'

/** `podman load`: what it can read first counts, an OCI layout before manifest.json (PEERS: podman load order). */
export function podmanEngine(id: EngineName, title: string, rules: CopyRules): Engine {
  return { id, title, load: (given, loading) => load(given, loading, rules) }
}

async function load(given: Given, loading: Loading, rules: CopyRules): Promise<void> {
  const faults: string[] = []
  const ways = [
    ['oci-archive', () => loadLayout(given, loading, rules)],
    ['docker-archive', () => loadSaved(given, loading, rules)],
  ] as const
  for (const [name, way] of ways) {
    try {
      await way()
      return
    } catch (error) {
      if (!(error instanceof Stop)) throw error
      faults.push(`${name}: ${error.message}`)
    }
  }
  throw new Stop(`payload does not match any of the supported image formats: ${faults.join('; ')}`)
}

async function loadLayout(given: Given, loading: Loading, rules: CopyRules): Promise<void> {
  const { imageID, descriptor } = await copyLayout(given, rules)
  const { annotations } = descriptor
  const name = annotations.get('io.containerd.image.name') ?? annotations.get('org.opencontainers.image.ref.name')
  const image = addImage(loading, imageID)
  if (name !== undefined) giveName(loading, image, podmanName(name))
  if (given.members.clean.has('manifest.json')) {
    loading.ignores.add('manifest.json: index.json is read first')
  }
}

async function loadSaved(given: Given, loading: Loading, rules: CopyRules): Promise<void> {
  const entries = await readArchiveManifest(given, rules)
  for (const [index, { tags }] of entries.entries()) for (const tag of tags) checkTag(tag, index)
  const stored = new Set<string>()
  for (const entry of entries) {
    const { imageID, diffIDs } = await copySaved(given, rules, entry, stored)
    for (const diffID of diffIDs) stored.add(diffID)
    const image = addImage(loading, imageID)
    for (const tag of entry.tags) giveName(loading, image, podmanName(tag))
  }
}

function checkTag(tag: string, index: number): void {
  const invalid = `Invalid tag ${JSON.stringify(tag)} in manifest item @${index}`
  const fault = referenceFault(tag, 'old')
  if (fault !== undefined) throw new Stop(`${invalid}: ${fault}`)
  if (parseReference(tag)?.tag === undefined) throw new Stop(`${invalid}: does not contain a tag`)
}

/** A name without a registry belongs to localhost; one without a tag is the latest. */
function podmanName(name: string): string {
  const reference = parseReference(name)
  if (reference === undefined) return name
  const first = name.split('/')[0] ?? ''
  const isQualified = name.includes('/') && (/[.:]/.test(first) || first === 'localhost')
  const { tag = 'latest', registry, repository } = reference
  return isQualified ? `${registry}/${repository}:${tag}` : `localhost/${name.split(/[:@]/)[0] ?? ''}:${tag}`
}
