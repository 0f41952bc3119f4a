import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { decompress, detectCompression, SNIFF_BYTES } from '../bytes/compression.js'
import { chunksOf, fileSource, type ByteSource } from '../bytes/source.js'
import type { RunContext } from '../context.js'
import { ArchiveError, refuseAborted } from '../errors.js'
import { looksLikeTar } from '../tree/measure.js'
import { isLayout } from './layout-mark.js'

const HEADER = 512
// Such a name claims to be an archive: where its bytes are none, that is worth an answer.
const CLAIMS_TO_BE = /\.(?:tar|tar\.(?:gz|zst|xz|bz2)|tgz|tzst|txz|tbz2?)$/i

/**
 * Archives below a directory: tars, compressed or not, known by their first bytes or by a name that claims so, and OCI
 * layouts. Names of a directory in the order of their code points; links to directories are not followed. Undefined
 * where `path` is no directory, or is an OCI layout itself. A directory that cannot be listed stands for what is in it.
 */
export async function findArchives(path: string, context: RunContext): Promise<readonly string[] | undefined> {
  const status = await stat(path).catch(() => undefined)
  if (status?.isDirectory() !== true || (await isLayout(path))) return undefined
  const found: string[] = []
  await walk(path, found, context)
  return found
}

async function walk(directory: string, found: string[], context: RunContext): Promise<void> {
  refuseAborted(context.signal)
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => undefined)
  // Whoever opens it is told why it cannot be read, and goes on with the others.
  if (entries === undefined) found.push(directory)
  for (const entry of (entries ?? []).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) {
      if (await isLayout(path)) found.push(path)
      else await walk(path, found, context)
    } else if ((await isFile(path)) && (CLAIMS_TO_BE.test(entry.name) || (await holdsTar(path, context)))) {
      found.push(path)
    }
  }
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true
}

async function holdsTar(path: string, context: RunContext): Promise<boolean> {
  try {
    await using source = await fileSource(path)
    return looksLikeTar(await firstBlock(source, context))
  } catch (error) {
    // What cannot be read and does not claim to be an archive is none of ours.
    if (error instanceof ArchiveError && error.code !== 'ERR_ABORTED') return false
    throw error
  }
}

/** The first bytes, unpacked where they are compressed; fewer than a block where there are no more. */
async function firstBlock(source: ByteSource, { limits, signal }: RunContext): Promise<Uint8Array> {
  const head = await source.read({ offset: 0, length: Math.min(HEADER, source.size) }, signal)
  const compression = detectCompression(head.subarray(0, SNIFF_BYTES))
  if (compression === 'none') return head
  const block = new Uint8Array(HEADER)
  let filled = 0
  for await (const chunk of decompress(compression, chunksOf(source, signal), { limits, location: source.location })) {
    const part = chunk.subarray(0, HEADER - filled)
    block.set(part, filled)
    filled += part.length
    if (filled === HEADER) break
  }
  return block.subarray(0, filled)
}
