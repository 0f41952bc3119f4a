import { chunksOf } from '../../bytes/source.js'
import { diffIDOf, hasher } from '../../bytes/digest.js'
import type { RunContext } from '../../context.js'
import { ArchiveError, refuseAborted } from '../../errors.js'
import type { Layer } from '../../model/image.js'
import { scanChunks } from '../../tar/scan.js'
import type { Clue } from './clue.js'
import { bytesInWords, rangeTeller } from './places.js'
import { differences } from './ranges.js'

/** A copy of a layer in another archive. */
export interface Sibling {
  readonly layer: Layer
  /** The archive, as the user named it. */
  readonly archive: string
}

/**
 * Compares a damaged layer with another copy of it, byte for byte, and tells which entries differ where. Undefined where
 * the copy is not whole itself, by the diffID that both claim. Errors: ERR_IO, ERR_ABORTED.
 */
export async function cluesFromSibling(
  damaged: Layer,
  sibling: Sibling,
  context: RunContext,
): Promise<readonly Clue[] | undefined> {
  if (!(await isWhole(sibling.layer, context))) return undefined
  const stored = await storedClues(damaged, sibling, context)
  const found = await compared(damaged, sibling.layer, context)
  const teller = rangeTeller(found, sibling.archive)
  await scanChunks(sibling.layer.tar(context), { onEntry: (entry) => teller.entry(entry) }, context)
  return [...stored, ...teller.end()]
}

/** Whether the copy has the diffID that is claimed for it. */
async function isWhole(layer: Layer, context: RunContext): Promise<boolean> {
  const hash = hasher()
  try {
    for await (const chunk of layer.tar(context)) {
      refuseAborted(context.signal)
      hash.update(chunk)
    }
  } catch (error) {
    refuseOwn(error)
    return false
  }
  return diffIDOf(hash.digest()) === layer.claims.diffID
}

async function compared(damaged: Layer, whole: Layer, context: RunContext): ReturnType<typeof rangesOnly> {
  return rangesOnly(asFarAsItGoes(damaged.tar(context)), whole.tar(context))
}

async function rangesOnly(a: AsyncIterable<Uint8Array>, b: AsyncIterable<Uint8Array>) {
  return (await differences(a, b)).ranges
}

/** The bytes before the damage; what is behind it counts as damaged. */
async function* asFarAsItGoes(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks
  } catch (error) {
    refuseOwn(error)
  }
}

function refuseOwn(error: unknown): void {
  if (!(error instanceof ArchiveError) || error.code === 'ERR_IO' || error.code === 'ERR_ABORTED') throw error
}

/** Where both are stored in the same compressed form, the bytes that were damaged can be told themselves. */
async function storedClues(damaged: Layer, { layer, archive }: Sibling, context: RunContext): Promise<readonly Clue[]> {
  const { digest } = damaged.claims
  const isSame = digest !== undefined && digest === layer.claims.digest && digest !== damaged.claims.diffID
  if (!isSame || damaged.blob === undefined || layer.blob === undefined) return []
  const { signal } = context
  const { ranges } = await differences(chunksOf(damaged.blob, signal), chunksOf(layer.blob, signal))
  const [first] = ranges
  if (first === undefined) return []
  const message = `the stored blob is not what ${archive} has: ${bytesInWords(ranges.slice(0, 4))} of the blob`
  return [{ code: 'DAMAGED_RANGE', message, blobOffset: first.offset }]
}
