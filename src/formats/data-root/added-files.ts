import type { RunContext } from '../../context.js'
import { sidecarEntries, type SplitAssembly } from '../../tar/split-assembly.js'
import { stackedLookup } from '../../tar/split-stack.js'
import { ownNames } from '../../tar/split-strangers.js'
import type { Store } from './store.js'

/** The folder of a layer, and what may lie in it. */
export interface LayerFolder {
  readonly key: string
  /** The layer's own; of drivers that keep whole trees those below it as well. */
  readonly sidecars: readonly SplitAssembly[]
  /** As in SplitAssembly. */
  readonly below?: readonly string[] | undefined
}

/**
 * Paths that lie in the folder of a layer and in none of the sidecars; see OwnNames. Errors: those of the sidecars.
 */
export async function addedFiles(
  store: Store,
  { key, sidecars, below }: LayerFolder,
  { limits }: RunContext,
): Promise<readonly string[]> {
  const names = ownNames(store, key, stackedLookup(store, key, below))
  for (const assembly of sidecars) {
    for await (const batch of sidecarEntries(assembly, limits)) {
      for (const entry of batch) if (entry.kind === 'file') names.add(entry.name)
    }
  }
  return [...names.strangers()]
}
