import type { RunContext } from '../context.js'
import type { FindingLog } from '../model/finding-log.js'
import type { Layer } from '../model/image.js'
import type { TarEntry } from '../tar/entry.js'
import { applyChanges } from './apply.js'
import { collectChanges } from './changes.js'
import { scanLayer } from './layer-entries.js'
import { layerNotes } from './layer-notes.js'
import { emptyTree, type Tree } from './tree.js'

/** Hears of what happens on the way to a merged tree. */
export interface MergeWatch {
  /** Each entry of a layer as it is stored, in order. */
  entry?(layer: Layer, entry: TarEntry): void
  /** The tree as it stands when a layer was applied; only to be looked at. */
  applied?(layer: Layer, tree: Tree): void
}

/**
 * The root filesystem that layers make together, base first, by the rules of the image specification. A layer that is
 * missing or broken is a finding in `log` and gives what could be read of it; so is everything on which storage drivers
 * disagree. Errors: ERR_LIMIT (`--limit-depth`, `--limit-entries`), ERR_ABORTED, ERR_IO, ERR_NOT_SEEKABLE.
 */
export async function mergedTree(
  layers: readonly Layer[],
  log: FindingLog,
  context: RunContext,
  watch: MergeWatch = {},
): Promise<Tree> {
  const tree = emptyTree()
  for (const layer of layers) {
    const notes = layerNotes(log, layer)
    const { add, addPlain, changes } = collectChanges(layer.index, notes, context.limits)
    const onEntry = (entry: TarEntry) => {
      add(entry)
      watch.entry?.(layer, entry)
    }
    const handlers = watch.entry === undefined ? { onEntry, onPlain: addPlain } : { onEntry }
    await scanLayer(layer, handlers, log, context)
    applyChanges(tree, changes, notes, context.limits)
    watch.applied?.(layer, tree)
    notes.close()
    context.onProgress?.({
      task: 'merge',
      subject: layer.path,
      done: layer.index + 1,
      total: layers.length,
      unit: 'layer',
    })
  }
  return tree
}
