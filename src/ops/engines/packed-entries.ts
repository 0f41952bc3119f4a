import type { TarEntry, TarEntryType } from '../../tar/entry.js'
import { latin1 } from '../../tar/path.js'
import type { UntarEntry } from './untar.js'

/** The entries of a layer in their order; each walk makes them anew. */
export interface LayerEntries extends Iterable<UntarEntry> {
  readonly length: number
}

/** Entries that are kept in little more than the bytes of their names. */
export interface PackedEntries extends LayerEntries {
  /** What they take in memory, about. */
  readonly bytes: number
}

/** Packs entries. */
export interface EntryPacker {
  add(entry: Pick<TarEntry, 'rawPath' | 'rawLinkPath' | 'type' | 'typeflag'>): void
  /** All that were added. To be called once. */
  end(): PackedEntries
}

/** Names of many entries, one after the other: what is cut out of one long text takes no copy of it. */
interface Block {
  readonly text: string
  /** Three numbers an entry: the lengths of name and link, and the place of its kind. */
  readonly numbers: Uint32Array
}

interface Kind {
  readonly type: TarEntryType
  readonly typeflag: string
}

const BLOCK_BYTES = 64 * 1024

/** A packer with no entries yet. */
export function entryPacker(): EntryPacker {
  const blocks: Block[] = []
  const kinds = kindTable()
  // Most files that engines read are no tars: only an entry takes memory.
  let buffer = new Uint8Array(0)
  let numbers: number[] = []
  let [used, length, bytes] = [0, 0, 0]
  const pack = () => {
    if (numbers.length === 0) return
    blocks.push({ text: latin1(buffer.subarray(0, used)), numbers: Uint32Array.from(numbers) })
    numbers = []
    used = 0
  }
  return {
    add({ rawPath, rawLinkPath, type, typeflag }) {
      const more = rawPath.length + rawLinkPath.length
      if (used + more > buffer.length) pack()
      if (more > buffer.length) buffer = new Uint8Array(Math.max(BLOCK_BYTES, more))
      buffer.set(rawPath, used)
      buffer.set(rawLinkPath, used + rawPath.length)
      numbers.push(rawPath.length, rawLinkPath.length, kinds.indexOf(type, typeflag))
      used += more
      length += 1
      bytes += more + 12
    },
    end() {
      pack()
      return packedEntries(blocks, kinds.all, { length, bytes })
    },
  }
}

/** Apart from the packer, whose buffer would be kept with what it gave. */
function packedEntries(
  blocks: readonly Block[],
  kinds: readonly Kind[],
  size: Pick<PackedEntries, 'length' | 'bytes'>,
): PackedEntries {
  return {
    ...size,
    *[Symbol.iterator]() {
      for (const block of blocks) yield* entriesIn(block, kinds)
    },
  }
}

function* entriesIn({ text, numbers }: Block, kinds: readonly Kind[]): Generator<UntarEntry> {
  let at = 0
  for (let next = 0; next < numbers.length; next += 3) {
    const middle = at + (numbers[next] ?? 0)
    const end = middle + (numbers[next + 1] ?? 0)
    const { type, typeflag } = kinds[numbers[next + 2] ?? 0] ?? UNKNOWN
    yield { name: text.slice(at, middle), type, typeflag, link: text.slice(middle, end) }
    at = end
  }
}

const UNKNOWN: Kind = { type: 'unknown', typeflag: '\0' }

// There are few: a type for each of 256 bytes, and a directory or a global header may have another one's.
function kindTable() {
  const all: Kind[] = []
  const places = new Map<string, number>()
  const indexOf = (type: TarEntryType, typeflag: string) => {
    const key = typeflag + type
    const known = places.get(key)
    if (known !== undefined) return known
    places.set(key, all.length)
    return all.push({ type, typeflag }) - 1
  }
  return { all, indexOf }
}
