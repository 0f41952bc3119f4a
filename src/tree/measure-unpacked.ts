import type { Measurement } from '../tar/measurement.js'
import type { StackedTree } from '../tar/split-stack.js'
import { measureBlob, type MeasureOptions } from './measure.js'

/** `measureBlob`, and the tree that the blob was unpacked to, where there is one, held against it in the same pass. */
export async function measureUnpacked(
  chunks: AsyncIterable<Uint8Array>,
  options: MeasureOptions,
  tree: StackedTree | undefined,
): Promise<Measurement> {
  if (tree === undefined) return measureBlob(chunks, options)
  const { unpackedCheck } = await import('../tar/split-unpacked.js') // only a containerd's store has such trees
  using check = unpackedCheck(tree, options)
  const measured = await measureBlob(chunks, { ...options, onContent: (chunk) => check.push(chunk) })
  const unpacked = check.end()
  return { ...measured, ...(unpacked && { unpacked }) }
}
