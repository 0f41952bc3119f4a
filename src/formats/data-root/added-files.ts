import type { RunContext } from '../../context.js'
import { cleanPath } from '../../tar/path.js'
import { sidecarEntries, type SplitAssembly } from '../../tar/split-assembly.js'
import type { Store } from './store.js'

/** The folder of a layer, and what may lie in it. */
export interface LayerFolder {
  readonly key: string
  /** The layer's own; of drivers that keep whole trees those below it as well. */
  readonly sidecars: readonly SplitAssembly[]
}

/**
 * Paths that lie in the folder of a layer and in none of the sidecars; see strangers. Errors: those of the sidecars.
 */
export async function addedFiles(
  store: Store,
  { key, sidecars }: LayerFolder,
  { limits }: RunContext,
): Promise<readonly string[]> {
  const names = new Set<string>()
  for (const assembly of sidecars) {
    for await (const batch of sidecarEntries(assembly, limits)) {
      for (const entry of batch) if (entry.kind === 'file') addWithParents(names, cleanPath(entry.rawName).key)
    }
  }
  return [...strangers(store, key, names)]
}

/** Adds a path and all above it. */
export function addWithParents(names: Set<string>, key: string): void {
  for (let path = key; path !== '' && !names.has(path); path = path.slice(0, Math.max(0, path.lastIndexOf('/')))) {
    names.add(path)
  }
}

/** Paths below a key that have none of the names; what is below such a path is not told. Markers of deleted files are no files. */
export function* strangers(store: Store, base: string, names: ReadonlySet<string>): Generator<string> {
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
