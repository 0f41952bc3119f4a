import type { RunContext } from '../context.js'
import type { FindingLog } from '../model/finding-log.js'
import type { Layer } from '../model/image.js'
import type { TarEntry } from '../tar/entry.js'
import type { PlainMember } from '../tar/plain-header.js'
import { applyChanges } from './apply.js'
import { collectChanges, type Place } from './changes.js'
import type { RecordedEntry } from './entry-records.js'
import { scanLayer } from './layer-entries.js'
import { layerNotes } from './layer-notes.js'
import { entryOfPlain } from './plain-members.js'
import { emptyTree, type Tree } from './tree.js'

/** Hears of what happens on the way to a merged tree. */
export interface MergeWatch {
  /** Each entry of a layer as it is stored, in order. */
  entry?(layer: Layer, entry: RecordedEntry): void
  /** Where a path and a header say enough: takes plain members in the place of `entry`. What it is told is lent. */
  place?(layer: Layer, place: Place, member: PlainMember): void
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
    const onPlain = (member: PlainMember) => {
      const place = addPlain(member)
      if (place !== undefined) watch.place?.(layer, place, member)
      else watch.entry?.(layer, entryOfPlain(member))
    }
    const hearsPlaces = watch.entry === undefined || watch.place !== undefined
    const handlers = hearsPlaces ? { onEntry, onPlain } : { onEntry }
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
