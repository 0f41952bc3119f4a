import type { DiffID } from '../../bytes/digest.js'
import type { CopyRules } from './copy-rules.js'
import { tarWords, type LayerFacts } from './layer-facts.js'
import { Stop, type Given } from './prediction.js'

/** The layers of one image as they come into a store, base first. */
export interface StoreStack {
  /** Whether a layer came before. */
  has(digest: string): boolean
  /** Unpacks the next layer where the destination does that. Errors: Stop. */
  add(digest: string, facts: LayerFacts): void
  /** Holds what was unpacked against the diffIDs of the config. Errors: Stop. */
  compare(diffIDs: readonly string[]): void
}

/** An empty stack: `dir:` keeps blobs as they are, containers/storage unpacks them as docker's drivers do. */
export function storeStack({ unpackings }: Given, rules: CopyRules): StoreStack {
  const below = unpackings.naive()
  const known = new Map<string, DiffID | undefined>()
  return {
    has: (digest) => known.has(digest),
    add(digest, facts) {
      known.set(digest, facts.diffID)
      if (rules.into === 'dir') return
      const words = rules.into === 'vfs' ? below.add(facts) : unpackings.overlay(facts, 'chroot')
      if (words !== undefined) throw new Stop(`ApplyLayer stdout:  stderr: ${words} exit status 1`)
      if (unpackings.unique(facts) < facts.entries.length) {
        throw new Stop('ApplyLayer stdout:  stderr:  duplicates of file paths not supported')
      }
      if (facts.fault !== undefined)
        throw new Stop(`ApplyLayer stdout:  stderr: ${tarWords(facts.fault)} exit status 1`)
    },
    compare(diffIDs) {
      for (const [index, diffID] of [...known.values()].entries()) {
        const expected = diffIDs[index]
        if (expected === diffID || diffIDs.includes(diffID ?? '')) continue
        throw new Stop(`layer ${index}: config has ${expected ?? 'none'}, the blob is ${diffID ?? 'damaged'}`)
      }
    },
  }
}
