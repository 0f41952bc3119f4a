import { byKey, normalisedDigest, type LayerRow, type Normalising } from './layer-sketch.js'

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

/**
 * Why the entries of two layers of different diffIDs differ: what differs is normalised on both sides, and nothing else,
 * and then their digests agree. What no entry tells is how the tar is written: its end, and what fills its blocks.
 */
export function whyDifferent(a: readonly LayerRow[], b: readonly LayerRow[]): LayerWhy {
  const normalising = differencesOf(a, b)
  const proof = normalisedDigest(a, normalising)
  if (proof !== normalisedDigest(b, normalising)) return differentFiles(a, b)
  const names = NORMALISED.filter((name) => normalising[name])
  return { differs: names.length === 0 ? ['dialect'] : names, files: NO_FILES, proof }
}

const NORMALISED: readonly (keyof Normalising)[] = ['order', 'mtimes', 'owners', 'dialect']

function differencesOf(a: readonly LayerRow[], b: readonly LayerRow[]): Normalising {
  const order = a.some(({ key }, at) => key !== b[at]?.key)
  const [one, two] = order ? [byKey(a), byKey(b)] : [a, b]
  const differ = (field: keyof LayerRow) => one.some((row, at) => row[field] !== two[at]?.[field])
  const owners = differ('owner')
  // Who changes owners changes their names as well.
  return { order, mtimes: differ('mtime'), owners, dialect: differ('headers') || (!owners && differ('names')) }
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
      else if (old.headers !== row.headers) differs.add('dialect')
      if (old.owner !== row.owner) differs.add('owners')
      if (old.mtime !== row.mtime) differs.add('mtimes')
    }
  }
  for (const key of before.keys()) if (!after.has(key)) removed += 1
  return { differs: [...differs].sort(), files: { added, removed, modified }, proof: null }
}
