import { createHash } from 'node:crypto'
import type { Limits } from '../context.js'
import type { SparseRegion, TarEntry } from '../tar/entry.js'
import { nextPlace, placeAt, type RowBlock } from './row-blocks.js'

/** Bytes of one sha256. */
export const HASH_BYTES = 32

/** sha256 of the files of one layer, by where their contents begin in its tar. 40 bytes a file: images have many. */
export interface ContentHashes {
  /** 32 bytes, a view; undefined where the content was cut off. */
  at(offset: number): Uint8Array | undefined
}

/** Hashes to be filled in the order of the tar. */
export interface ContentHashTable extends ContentHashes {
  add(offset: number, hash: Uint8Array): void
}

/** Whether an entry has a content of its own to hash: a file that is not empty. */
export function hasContent(entry: Pick<TarEntry, 'type' | 'size'>): boolean {
  return entry.type === 'file' && entry.size > 0
}

interface Block extends RowBlock {
  readonly hashes: Uint8Array
}

function blockOf(rows: number, before: Block | undefined): Block {
  const block = { offsets: new Float64Array(rows), hashes: new Uint8Array(rows * HASH_BYTES) }
  if (before !== undefined) {
    block.offsets.set(before.offsets)
    block.hashes.set(before.hashes)
  }
  return block
}

/** An empty table. */
export function contentHashTable(): ContentHashTable {
  const blocks: Block[] = []
  let count = 0
  return {
    add(offset, hash) {
      const { block, at } = nextPlace(blocks, count, blockOf)
      block.offsets[at] = offset
      block.hashes.set(hash, at * HASH_BYTES)
      count += 1
    },
    at(offset) {
      const place = placeAt(blocks, count, offset)
      return place?.block.hashes.subarray(place.at * HASH_BYTES, (place.at + 1) * HASH_BYTES)
    },
  }
}

/** The hash of one file's logical content, fed with its stored bytes. */
export interface ContentHasher {
  update(bytes: Uint8Array): void
  digest(): Uint8Array
}

/** A hasher for the content of an entry; holes of a sparse file count as the zeros that they stand for. */
export function contentHasher(entry: TarEntry, limits: Limits): ContentHasher {
  return entry.sparse === undefined ? plainHasher() : sparseHasher(entry, entry.sparse, limits)
}

/** A hasher for a content that is stored as it is. */
export function plainHasher(): ContentHasher {
  const hash = createHash('sha256')
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() }
}

const ZEROS = new Uint8Array(64 * 1024)
const HOLES_COUNT_FROM = 64 * 1024 * 1024

function sparseHasher(entry: TarEntry, regions: readonly SparseRegion[], limits: Limits): ContentHasher {
  const hash = createHash('sha256')
  // A few bytes may claim exabytes of holes: then the map and the stored bytes stand for the content.
  const expands = entry.size <= Math.max(HOLES_COUNT_FROM, limits.ratio * entry.content.length)
  if (!expands) hash.update(`sparse ${entry.size} ${JSON.stringify(regions)}\n`)
  let at = 0
  let [region, left] = [-1, 0]
  const zeros = (until: number) => {
    if (!expands) return
    for (; at < until; at += ZEROS.length) hash.update(ZEROS.subarray(0, Math.min(ZEROS.length, until - at)))
    at = until
  }
  return {
    update(bytes) {
      for (let from = 0; from < bytes.length;) {
        while (left === 0 && region < regions.length - 1) {
          const next = regions[++region]
          zeros(next?.offset ?? 0)
          left = next?.length ?? 0
        }
        const length = left === 0 ? bytes.length - from : Math.min(left, bytes.length - from)
        hash.update(bytes.subarray(from, from + length))
        from += length
        at += length
        left = Math.max(0, left - length)
      }
    },
    digest() {
      zeros(entry.size)
      return hash.digest()
    },
  }
}
