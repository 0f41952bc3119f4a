import type { Digest } from '../../bytes/digest.js'
import { applyContainerd, applyNaive } from './apply.js'
import { emptyDirectory, type DiskDirectory } from './disk.js'
import { goClean } from './go-path.js'
import type { LayerFacts } from './layer-facts.js'
import type { LayerEntries } from './packed-entries.js'
import { unpack, type Dialect, type UntarEntry } from './untar.js'

/**
 * What comes of unpacking layers: worked out once for all engines and images of an archive, as layers with the same
 * digest unpack alike. What is told is why it stops, in the words of the extractor; undefined where it does not.
 */
export interface Unpackings {
  /** How many entries come before the first path that an earlier one has: all of them where none does. */
  unique(facts: LayerFacts): number
  /** A layer of overlay2 in a directory of its own, up to the first path that comes twice. */
  overlay(facts: LayerFacts, dialect: Dialect): string | undefined
  /** A layer of containerd's overlay: the first of an image, or a later one. */
  containerd(facts: LayerFacts, way: 'first' | 'overlay'): string | undefined
  /** Starts an image whose layers are unpacked one over the other, base first, up to the first path that comes twice. */
  naive(): NaiveStack
}

/** The layers of an image in one directory. */
export interface NaiveStack {
  add(facts: LayerFacts): string | undefined
}

/** A layer over those below it. */
interface Step {
  readonly words: string | undefined
  readonly next: Map<Digest, Step>
}

// Stacks are remembered up to this many layers; what goes beyond is unpacked again.
const MOST_STEPS = 100_000

/** Nothing is unpacked yet. */
export function unpackings(): Unpackings {
  const told = new Map<string, string | undefined>()
  const counts = new Map<Digest, number>()
  const once = (key: string, work: () => string | undefined) => {
    if (!told.has(key)) told.set(key, work())
    return told.get(key)
  }
  const unique = (facts: LayerFacts) => {
    const count = counts.get(facts.digest) ?? uniqueOf(facts.entries)
    counts.set(facts.digest, count)
    return count
  }
  const entriesOf = (facts: LayerFacts) => firstOf(facts.entries, unique(facts))
  const overlay = (facts: LayerFacts, dialect: Dialect): string | undefined =>
    once(`${dialect} ${facts.digest}`, () => {
      // They differ in how they quote.
      if (dialect === 'chroot-28' && overlay(facts, 'chroot') === undefined) return undefined
      return unpack(emptyDirectory(), entriesOf(facts), { whiteouts: 'overlay', dialect })
    })
  return {
    unique,
    overlay,
    containerd: (facts, way) =>
      once(`${way} ${facts.digest}`, () => applyContainerd(emptyDirectory(), facts.entries, way)),
    naive: naiveStacks(entriesOf),
  }
}

/** tar-split keeps what docker needs to write the layer again, and stops at a path that it has met (FORMATS 5.1). */
function uniqueOf(entries: LayerEntries): number {
  const seen = new Set<string>()
  for (const { name } of entries) {
    const count = seen.size
    if (seen.add(goClean(name)).size === count) return count
  }
  return entries.length
}

function firstOf(entries: LayerEntries, count: number): Iterable<UntarEntry> {
  return count < entries.length ? [...firstOnes(entries, count)] : entries
}

function* firstOnes(entries: LayerEntries, count: number): Generator<UntarEntry> {
  let left = count
  for (const entry of entries) {
    if (left === 0) return
    left -= 1
    yield entry
  }
}

/** Stacks that share what they have in common from the base up, and have a tree only from where they part. */
function naiveStacks(entriesOf: (facts: LayerFacts) => Iterable<UntarEntry>): () => NaiveStack {
  const base: Step = { words: undefined, next: new Map() }
  let steps = 0
  const remember = (step: Step, digest: Digest, words: string | undefined) => {
    const next: Step = { words, next: new Map() }
    if (steps < MOST_STEPS) step.next.set(digest, next)
    steps += 1
    return next
  }
  return () => {
    let step = base
    let below: LayerFacts[] = []
    let root: DiskDirectory | undefined
    return {
      add(facts) {
        const known = step.next.get(facts.digest)
        if (known !== undefined && root === undefined) {
          below.push(facts)
          step = known
          return known.words
        }
        const made = (root ??= treeOf(below.map(entriesOf)))
        below = []
        step = remember(step, facts.digest, applyNaive(made, entriesOf(facts)))
        return step.words
      },
    }
  }
}

function treeOf(layers: readonly Iterable<UntarEntry>[]): DiskDirectory {
  const root = emptyDirectory()
  for (const entries of layers) applyNaive(root, entries)
  return root
}
