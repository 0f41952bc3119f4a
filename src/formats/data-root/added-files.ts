import type { RunContext } from '../../context.js'
import { cleanPath } from '../../tar/path.js'
import { sidecarEntries, type SplitAssembly } from '../../tar/split-assembly.js'
import { layerKey } from './drivers.js'
import type { DriverRoot } from './layout.js'
import type { LayerRecord } from './layer-store.js'
import type { Store } from './store.js'

/**
 * Paths that lie in the folder of a layer and in none of the sidecars: that of the layer, and with drivers that keep whole
 * trees those below it. Markers of deleted files are no files. Errors: those of the sidecars.
 */
export async function addedFiles(
  store: Store,
  root: DriverRoot,
  { record, chain }: { readonly record: LayerRecord; readonly chain: readonly SplitAssembly[] },
  { limits }: RunContext,
): Promise<readonly string[]> {
  if (record.cacheID === undefined) return []
  const own = root.driver.content === 'tree' ? chain : chain.slice(-1)
  const names = new Set<string>()
  for (const assembly of own) {
    for await (const batch of sidecarEntries(assembly, limits)) {
      for (const entry of batch) if (entry.kind === 'file') addWithParents(names, cleanPath(entry.rawName).key)
    }
  }
  return [...strangers(store, layerKey(root.root, root.driver, record.cacheID), names)]
}

function addWithParents(names: Set<string>, key: string): void {
  for (let path = key; path !== '' && !names.has(path); path = path.slice(0, Math.max(0, path.lastIndexOf('/')))) {
    names.add(path)
  }
}

function* strangers(store: Store, base: string, names: ReadonlySet<string>): Generator<string> {
  const stack = store.list(base).toReversed()
  for (let path = stack.pop(); path !== undefined; path = stack.pop()) {
    const type = store.typeOf(`${base}/${path}`)
    if (names.has(path)) {
      if (type === 'directory')
        for (const name of store.list(`${base}/${path}`).toReversed()) stack.push(`${path}/${name}`)
    } else if (!isMarker(path, names, type === 'char')) yield path
  }
}

// overlayfs keeps a device in the place of a deleted file, aufs files of its own.
function isMarker(path: string, names: ReadonlySet<string>, isDevice: boolean): boolean {
  const slash = path.lastIndexOf('/') + 1
  const name = path.slice(slash)
  return name.startsWith('.wh..wh.') || (isDevice && names.has(`${path.slice(0, slash)}.wh.${name}`))
}
