import { normalisedDigest, type LayerRow, type Normalising } from './layer-sketch.js'

/** What can make two layers differ. */
export type LayerDifference = 'compression' | 'dialect' | 'order' | 'mtimes' | 'owners' | 'files'

/** Why two layers differ, and what proves it. */
export interface LayerWhy {
  readonly differs: LayerDifference[]
  /** Paths; whiteouts are paths of their own. */
  readonly files: { readonly added: number; readonly removed: number; readonly modified: number }
  /** The digest that both have once what differs was normalised; null where no normalising makes them equal. */
  readonly proof: string | null
}

const NO_FILES = { added: 0, removed: 0, modified: 0 }

/** The same tar, stored in two ways: the diffID, measured on both sides, is the proof. */
export function sameTar(diffID: string): LayerWhy {
  return { differs: ['compression'], files: NO_FILES, proof: diffID }
}

// Fewest first, so that nothing is named that is the same.
const COMBINATIONS: readonly (readonly (keyof Normalising)[])[] = [
  [],
  ['order'],
  ['mtimes'],
  ['owners'],
  ['order', 'mtimes'],
  ['order', 'owners'],
  ['mtimes', 'owners'],
  ['order', 'mtimes', 'owners'],
]

/** Why the entries of two layers differ: normalises more and more of both until their digests agree. */
export function whyDifferent(a: readonly LayerRow[], b: readonly LayerRow[]): LayerWhy {
  for (const names of a.length === b.length ? COMBINATIONS : []) {
    const normalising = {
      order: names.includes('order'),
      mtimes: names.includes('mtimes'),
      owners: names.includes('owners'),
    }
    const proof = normalisedDigest(a, normalising)
    if (proof !== normalisedDigest(b, normalising)) continue
    return { differs: names.length === 0 ? ['dialect'] : [...names], files: NO_FILES, proof }
  }
  return differentFiles(a, b)
}

function differentFiles(a: readonly LayerRow[], b: readonly LayerRow[]): LayerWhy {
  const before = new Map(a.map((row) => [row.key, row]))
  const after = new Map(b.map((row) => [row.key, row]))
  const differs = new Set<LayerDifference>(['files'])
  let [added, removed, modified] = [0, 0, 0]
  for (const [key, row] of after) {
    const old = before.get(key)
    if (old === undefined) added += 1
    else {
      if (old.what !== row.what) modified += 1
      if (old.owner !== row.owner) differs.add('owners')
      if (old.mtime !== row.mtime) differs.add('mtimes')
    }
  }
  for (const key of before.keys()) if (!after.has(key)) removed += 1
  return { differs: [...differs].sort(), files: { added, removed, modified }, proof: null }
}
