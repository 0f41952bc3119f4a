import type { RunContext } from '../context.js'
import { ArchiveError, count } from '../errors.js'
import type { Finding } from '../findings.js'
import type { HistoryEntry } from '../model/config.js'
import type { Image, Layer } from '../model/image.js'
import { displayKey } from '../tar/path.js'
import { changedFiles, changedMembers } from '../tree/changed-members.js'
import { fileContents } from '../tree/file-contents.js'
import { prune } from '../tree/prune.js'
import { tarBytes } from '../tree/tar-bytes.js'
import type { Tree } from '../tree/tree.js'
import { wholeTree } from './merge-whole.js'
import { globs, type Globs } from './globs.js'
import { proveLayers } from './prove-layers.js'
import { knownImage, withLayers, type KnownImage } from './relayer.js'

/** What to squash. */
export interface SquashOptions {
  /** As the user named it, for findings and errors. */
  readonly archive: string
  /** The first layer that goes into the new one, base = 0; those below are kept as they are. */
  readonly from: number
  /** Patterns over whole paths of what is left out, and with a directory all that is in it. */
  readonly exclude?: readonly string[]
  /** Of the step in the history. */
  readonly comment?: string
}

/** The image with fewer layers, and what was odd about those it had. */
export interface Squashed {
  readonly image: Image
  readonly findings: readonly Finding[]
  /** What was left out, sorted. */
  readonly excluded: readonly string[]
}

/**
 * Makes one layer of the layers of an image from `from` on. Its root filesystem stays as it is; what those layers put
 * there and took away again is gone for good. The layers are proved first: damage must not get a diffID of its own. Errors:
 * ERR_USAGE for a layer that is not there, or where something to be excluded stands in a layer that is kept;
 * ERR_NOT_FOUND for a pattern that matches nothing; those of globs, proveLayers, wholeTree and
 * knownImage.
 */
export async function squash(image: Image, options: SquashOptions, context: RunContext): Promise<Squashed> {
  const { archive, from } = options
  const { layers } = image
  if (from < 0 || from >= layers.length) {
    const has = layers.length === 0 ? 'none' : `0 (base) to ${layers.length - 1}`
    throw new ArchiveError(
      'ERR_USAGE',
      from < 0 ? `there are no ${layers.length - from} layers to squash` : `there is no layer ${from} to squash from`,
      {
        location: archive,
        hint: `the image has ${has}`,
      },
    )
  }
  const unwanted = globs(options.exclude ?? [])
  await proveLayers(layers, context)
  const known = await knownImage(image, context)
  const { tree, findings } = await wholeTree(layers, archive, context)
  const { tree: base } = await wholeTree(layers.slice(0, from), archive, context)
  const excluded = options.exclude === undefined ? [] : exclude(tree, base, unwanted, archive)
  const layer = squashedLayer({ base, tree, from, layers })
  const history = squashedHistory(known, options)
  return { image: withLayers(known, [...layers.slice(0, from), layer], { history }), findings, excluded }
}

function exclude(tree: Tree, base: Tree, { matches, refuseUnused }: Globs, archive: string): readonly string[] {
  const [kept] = prune(base, matches)
  if (kept !== undefined) {
    const message = `${JSON.stringify(displayKey(kept))} stands in a layer that is kept, and would stay in the archive`
    throw new ArchiveError('ERR_USAGE', message, {
      location: archive,
      hint: 'squash from a lower layer, or all of them',
    })
  }
  const excluded = prune(tree, matches)
  refuseUnused(archive)
  return excluded.map(displayKey)
}

interface Squashing {
  readonly base: Tree
  readonly tree: Tree
  readonly from: number
  readonly layers: readonly Layer[]
}

function squashedLayer({ base, tree, from, layers }: Squashing): Layer {
  return {
    index: from,
    state: 'assembled',
    isOwn: true,
    path: from === layers.length - 1 ? `layer ${from}` : `layers ${from} to ${layers.length - 1}`,
    claims: {},
    blob: undefined,
    async *tar(context) {
      await using contents = await fileContents(layers, changedFiles(base, tree, from), context)
      yield* tarBytes(changedMembers(base, tree, from), contents, context)
    },
  }
}

// As `docker build --squash` has it: the steps stay and make nothing, one more step makes the layer.
function squashedHistory({ history, config, image }: KnownImage, { from, comment }: SquashOptions): HistoryEntry[] {
  let layer = 0
  const steps = history.map((step) => {
    const makes = step.empty_layer === true ? undefined : layer++
    return makes !== undefined && makes >= from ? { ...step, empty_layer: true } : step
  })
  return [
    ...steps,
    {
      created_by: 'imgtar squash',
      comment: comment ?? `${count(image.layers.length - from, 'layer')} squashed`,
      ...(config.value.created !== undefined && { created: config.value.created }),
    },
  ]
}
