import type { RunContext } from '../../context.js'
import { ArchiveError } from '../../errors.js'
import { latin1, latin1Of } from '../../tar/path.js'
import { lookup } from '../../tree/resolve.js'
import { readFiles } from '../../tree/read-files.js'
import type { Located } from '../../tree/tree.js'
import type { PackagedSide } from './packages.js'
import { unifiedDiff } from './unified.js'

/** What differs in the content of one file. */
export interface ContentDiff {
  readonly path: string
  /** A unified diff, without the names of the files. */
  readonly lines: string[]
  /** Why there are no lines: binary, or too large; null where they tell all. */
  readonly note: string | null
}

const MOST_TEXT = 16 * 1024 * 1024

/** Compares one file line by line; links are followed. Errors: ERR_NOT_FOUND where neither side has such a file. */
export async function diffContent(
  path: string,
  a: PackagedSide,
  b: PackagedSide,
  context: RunContext,
): Promise<ContentDiff> {
  const name = latin1Of(path)
  const [one, two] = [lookup(a.side.tree, name), lookup(b.side.tree, name)]
  if (one?.node.inode.type !== 'file' && two?.node.inode.type !== 'file') {
    throw new ArchiveError('ERR_NOT_FOUND', `neither image has a file ${path}`)
  }
  const sizes = [one, two].map((file) => file?.node.inode.size ?? 0)
  if (Math.max(...sizes) > MOST_TEXT) return { path, lines: [], note: `too large to compare line by line` }
  const [before, after] = [await contentOf(a, one, context), await contentOf(b, two, context)]
  if (isBinary(before) || isBinary(after)) {
    const isSame = latin1(before) === latin1(after)
    return { path, lines: [], note: isSame ? null : `binary files differ: ${before.length} and ${after.length} bytes` }
  }
  const text = (bytes: Uint8Array) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  return { path, lines: unifiedDiff(text(before), text(after)), note: null }
}

async function contentOf(
  { layers }: PackagedSide,
  file: Located | undefined,
  context: RunContext,
): Promise<Uint8Array> {
  let found: Uint8Array = new Uint8Array(0)
  if (file === undefined) return found
  await readFiles({ layers, files: [file], most: MOST_TEXT, onFile: (_, content) => (found = content) }, context)
  return found
}

// As git and GNU diff tell: a NUL in the first 8000 bytes.
function isBinary(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 8000).includes(0)
}
