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
  add(entry: Pick<TarEntry, 'rawPath' | 'rawLinkPath' | 'type' | 'typeflag'>): void
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

/** None yet. */
export function packedEntries(): PackedEntries {
  const blocks: Block[] = []
  const kinds = kindTable()
  let buffer = new Uint8Array(BLOCK_BYTES)
  let numbers: number[] = []
  let [used, length, bytes] = [0, 0, 0]
  const pack = () => {
    if (numbers.length === 0) return
    blocks.push({ text: latin1(buffer.subarray(0, used)), numbers: Uint32Array.from(numbers) })
    numbers = []
    used = 0
    if (buffer.length > BLOCK_BYTES) buffer = new Uint8Array(BLOCK_BYTES)
  }
  return {
    get length() {
      return length
    },
    get bytes() {
      return bytes
    },
    add({ rawPath, rawLinkPath, type, typeflag }) {
      const more = rawPath.length + rawLinkPath.length
      if (used + more > buffer.length) pack()
      if (more > buffer.length) buffer = new Uint8Array(more)
      buffer.set(rawPath, used)
      buffer.set(rawLinkPath, used + rawPath.length)
      numbers.push(rawPath.length, rawLinkPath.length, kinds.indexOf(type, typeflag))
      used += more
      length += 1
      bytes += more + 12
    },
    *[Symbol.iterator]() {
      pack()
      for (const block of blocks) yield* entriesIn(block, kinds.all)
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
