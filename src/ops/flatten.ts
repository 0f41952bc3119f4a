import { chunked, type Blocks } from '../bytes/blocks.js'
import type { RunContext } from '../context.js'
import type { Finding } from '../findings.js'
import type { Layer } from '../model/image.js'
import { paddingOf, TAR_END_BYTES } from '../tar/write.js'
import { fileContents } from '../tree/file-contents.js'
import { tarBlocks } from '../tree/tar-bytes.js'
import { EXPORT_PROFILE, treeMembers, type HeaderProfile } from '../tree/tar-members.js'
import { everyInode, type Tree } from '../tree/tree.js'
import { engineProfile } from './engine-profile.js'
import { surveyOf } from './facts.js'
import { wholeTree } from './merge-whole.js'

/** How to flatten. */
export interface FlattenOptions {
  /** As the user named it, for findings. */
  readonly archive: string
  /** `capability` (docker's own choice): only security.capability; `all`: every extended attribute. */
  readonly xattrs?: 'capability' | 'all'
  /** Major version of the docker whose headers are wanted; the newest where nothing is said. */
  readonly engine?: number
}

/** A root filesystem that can be written as one tar. */
export interface Flattened {
  readonly tree: Tree
  /** What was odd about the layers. */
  readonly findings: readonly Finding[]
  /** Names, those of hard links too. */
  readonly entries: number
  /** Bytes of all contents, those of hard links once. */
  readonly bytes: number
  /** Bytes of the tar; every header is made for it. */
  size(): number
  /** The tar, as blocks or in chunks that are valid until the next is asked for; either may be called again. */
  blocks(): Promise<Blocks & AsyncDisposable>
  tar(): AsyncIterable<Uint8Array>
}

/**
 * Merges the layers of an image into the tar that `docker export` of a container gives that never ran, save for the files
 * that docker puts there for the container. The input is read twice: an index of all layers, then the contents that
 * remain. Errors: those of wholeTree now, those of tarBytes while it is read.
 */
export async function flatten(
  layers: readonly Layer[],
  { archive, xattrs = 'capability', engine }: FlattenOptions,
  context: RunContext,
): Promise<Flattened> {
  const { tree, findings } = await wholeTree(layers, archive, context)
  const { entries, contentSize } = surveyOf(tree)
  const profile = { ...EXPORT_PROFILE, xattrs, ...(await engineProfile({ tree, layers, engine }, context)) }
  const blocks = async (): Promise<Blocks & AsyncDisposable> => {
    const contents = await fileContents(layers, everyInode(tree), context)
    return {
      ...tarBlocks(treeMembers(tree, profile), contents, context),
      [Symbol.asyncDispose]: () => contents[Symbol.asyncDispose](),
    }
  }
  return {
    tree,
    findings,
    entries,
    bytes: contentSize,
    size: () => sizeOf(tree, profile),
    blocks,
    async *tar() {
      await using opened = await blocks()
      yield* chunked(opened)
    },
  }
}

function sizeOf(tree: Tree, profile: HeaderProfile): number {
  let size = TAR_END_BYTES
  for (const { header, content } of treeMembers(tree, profile)) {
    size += header.length + (content === undefined ? 0 : content.size + paddingOf(content.size))
  }
  return size
}
