import { createHash } from 'node:crypto'
import { hexOfBytes } from '../../bytes/hex.js'
import { cleanPath, latin1, latin1Bytes } from '../../tar/path.js'
import type { Place } from '../../tree/changes.js'
import type { RecordedEntry } from '../../tree/entry-records.js'
import { xattrsOf } from '../../tree/xattrs.js'

/** An entry of a layer, apart: what it is, whose, and when. */
export interface LayerRow {
  readonly key: string
  readonly what: string
  readonly owner: string
  readonly mtime: string
  /** How its headers are written, but for owner and mtime. */
  readonly headers: string
  /** Names of user and group. */
  readonly names: string
}

/** What is remembered of a layer that the other image does not have as it is. */
export interface LayerSketch {
  /** Of the paths, those with the smallest hashes: two sketches estimate how much two layers have in common. */
  readonly sample: readonly number[]
  /** In the order of the tar; only where they were asked for, since there may be many. */
  readonly rows: readonly LayerRow[] | undefined
}

/** Takes the entries of a layer in order. */
export interface Sketcher {
  /** Whether entries must come with their spelling. */
  readonly withRows: boolean
  readonly add: (entry: RecordedEntry, hash: Uint8Array | undefined) => void
  /** A plain member by its path alone, which is all that is needed where there are no rows. */
  readonly addPlace: (place: Place) => void
  sketch(): LayerSketch
}

const SAMPLE = 256

/** A sketcher for one layer. */
export function layerSketcher({ withRows }: { readonly withRows: boolean }): Sketcher {
  let sample: number[] = []
  // Once there are enough, only smaller ones can count.
  let bound = Infinity
  const rows: LayerRow[] | undefined = withRows ? [] : undefined
  const trim = () => {
    sample = [...new Set(sample)].sort((a, b) => a - b).slice(0, SAMPLE)
    if (sample.length === SAMPLE) bound = sample.at(-1) ?? bound
    return sample
  }
  const take = (hash: number) => {
    if (hash < bound) sample.push(hash)
    if (sample.length > SAMPLE * 8) trim()
  }
  let [directory, begun] = ['', FNV]
  return {
    withRows,
    add(entry, hash) {
      if (entry.type === 'global') return
      const { key } = cleanPath(entry.rawPath)
      take(mixed(fnv(key, FNV)))
      rows?.push(rowOf(key, entry, hash))
    },
    addPlace({ parent, name }) {
      if (parent !== directory) [directory, begun] = [parent, fnv('/', fnv(parent, FNV))]
      take(mixed(fnv(name, parent === '' ? FNV : begun)))
    },
    sketch: () => ({ sample: trim(), rows }),
  }
}

/** How much two layers have in common, from 0 to 1: estimated by the smallest hashes of their paths together. */
export function likeness(a: LayerSketch, b: LayerSketch): number {
  const [own, other] = [new Set(a.sample), new Set(b.sample)]
  const smallest = [...new Set([...own, ...other])].sort((x, y) => x - y).slice(0, SAMPLE)
  if (smallest.length === 0) return 1
  return smallest.filter((hash) => own.has(hash) && other.has(hash)).length / smallest.length
}

// FNV-1a, 32 bits.
const FNV = 0x811c9dc5

function fnv(text: string, begun: number): number {
  let hash = begun
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash
}

// A last mix: paths differ at their ends.
function mixed(all: number): number {
  const hash = Math.imul(all ^ (all >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 12)) >>> 0
}

// The spelling of paths, redundant mode bits, names of users and the kind of header are how it is written, not what.
function rowOf(key: string, entry: RecordedEntry, hash: Uint8Array | undefined): LayerRow {
  const { type, mode, size, uid, gid, mtimeNs, devMajor, devMinor } = entry
  const isDevice = type === 'char' || type === 'block'
  const link = type === 'hardlink' ? cleanPath(entry.rawLinkPath).key : latin1(entry.rawLinkPath)
  const what = [
    type,
    type === 'symlink' || type === 'hardlink' ? 0 : mode & 0o7777,
    type === 'file' ? size : 0,
    type === 'symlink' || type === 'hardlink' ? link : '',
    isDevice ? [devMajor, devMinor] : [],
    Array.from(xattrsOf(entry.pax), ([name, value]) => [name, latin1(value)]).sort(),
    hash === undefined ? '' : hexOfBytes(hash),
  ]
  const { headers = '', names = '' } = entry.spelling ?? {}
  return { key, what: JSON.stringify(what), owner: `${uid}:${gid}`, mtime: `${mtimeNs}`, headers, names }
}

/** What normalising makes the same. */
export interface Normalising {
  readonly order: boolean
  readonly mtimes: boolean
  readonly owners: boolean
  readonly dialect: boolean
}

/** Rows in the order of their paths; those of one path stay as they are. */
export function byKey(rows: readonly LayerRow[]): LayerRow[] {
  return [...rows].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
}

/** sha256 of the entries of a layer after normalising; equal digests prove that nothing else differs. */
export function normalisedDigest(rows: readonly LayerRow[], normalising: Normalising): string {
  const { order, mtimes, owners, dialect } = normalising
  const hash = createHash('sha256')
  for (const { key, what, owner, mtime, headers, names } of order ? byKey(rows) : rows) {
    const told = [owners ? '' : owner, mtimes ? '' : mtime, dialect ? '' : headers, owners || dialect ? '' : names]
    hash.update(latin1Bytes(JSON.stringify([key, what, ...told])))
  }
  return `sha256:${hash.digest('hex')}`
}
