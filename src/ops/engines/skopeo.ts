import type { EngineName } from '../../model/engine-names.js'
import type { CopyRules } from './copy-rules.js'
import { copyLayout } from './layout-copy.js'
import { Stop, type Engine, type Given, type Loading } from './prediction.js'
import { familiarTagged } from '../../model/reference.js'
import { copySaved, readArchiveManifest } from './save-copy.js'

/** `skopeo copy docker-archive:FILE dir:…`, each image in its turn (`:@n`). */
export function skopeoSaved(id: EngineName, title: string, rules: CopyRules): Engine {
  return { id, title, load: (given, loading) => loadSaved(given, loading, rules) }
}

async function loadSaved(given: Given, loading: Loading, rules: CopyRules): Promise<void> {
  const entries = await readArchiveManifest(given, rules)
  if (entries.length === 0) throw new Stop('Unexpected tar manifest.json: expected 1 item, got 0')
  if (entries.length > 1) loading.ignores.add('all images but the one that `:@n` or a name chooses')
  const faults: string[] = []
  for (const [index, entry] of entries.entries()) {
    const names = new Set(entry.tags.map(familiarTagged))
    try {
      const { imageID } = await copySaved(given, rules, entry)
      loading.images.push({ imageID, names })
    } catch (error) {
      if (!(error instanceof Stop)) throw error
      if (entries.length === 1) throw error
      loading.images.push({ imageID: undefined, names, fault: error.message })
      faults.push(`:@${index}: ${error.message}`)
    }
  }
  const [first] = faults
  if (first !== undefined) throw new Stop(first)
}

/** `skopeo copy oci-archive:FILE dir:…`, and `oci:` for a directory. */
export function skopeoLayout(id: EngineName, title: string, rules: CopyRules): Engine {
  return {
    id,
    title,
    async load(given, loading) {
      const { imageID, descriptor } = await copyLayout(given, rules)
      const name = descriptor.annotations.get('org.opencontainers.image.ref.name')
      loading.images.push({ imageID, names: new Set(name === undefined ? [] : [name]) })
    },
  }
}
