import type { RunContext } from '../../context.js'
import { ArchiveError } from '../../errors.js'
import type { UnpackedDamage } from '../../model/data-root.js'
import type { Layer } from '../../model/image.js'
import { cleanPath } from '../../tar/path.js'
import { checkSplit, type SplitFault } from '../../tar/split-assemble.js'
import { disassembler } from '../../tar/split-disassemble.js'
import { scopedLookup } from '../../tar/split-files.js'
import type { SplitEntry } from '../../tar/split-read.js'
import { addWithParents, strangers } from './added-files.js'
import type { Store } from './store.js'

/**
 * What is other in a tree that a layer was unpacked to than in the layer: every file that is gone, resized or changed, and
 * what was put there. A layer that is no tar to take apart has nothing to say. Errors: ERR_IO, ERR_ABORTED.
 */
export async function checkUnpacked(
  store: Store,
  path: string,
  layer: Layer,
  context: RunContext,
): Promise<UnpackedDamage> {
  const names = new Set<string>()
  const faults: SplitFault[] = []
  const onFault = (fault: SplitFault) => void faults.push(fault)
  const options = { files: scopedLookup(store, path), onFault, signal: context.signal }
  try {
    await checkSplit(splitOf(layer, names, context), options)
  } catch (error) {
    if (error instanceof ArchiveError && error.code !== 'ERR_IO' && error.code !== 'ERR_ABORTED') {
      return { path, faults: [], added: [] }
    }
    throw error
  }
  return { path, faults, added: [...strangers(store, path, names)] }
}

/** A layer's tar as docker would take it apart; `names` gets the paths in it. */
async function* splitOf(layer: Layer, names: Set<string>, context: RunContext): AsyncGenerator<readonly SplitEntry[]> {
  const ready: SplitEntry[] = []
  const onSplit = (entry: SplitEntry) => {
    if (entry.kind === 'file') addWithParents(names, cleanPath(entry.rawName).key)
    ready.push(entry)
  }
  const split = disassembler({ onSplit }, context.limits, layer.path)
  for await (const chunk of layer.tar(context)) {
    split.push(chunk)
    if (ready.length > 0) yield ready.splice(0)
  }
  split.end()
  yield ready
}
