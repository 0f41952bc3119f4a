import { randomBytes } from 'node:crypto'
import { ENTRY_TYPES, type TarEntryType } from '../tar/entry.js'
import { growingBlocks } from './growing-blocks.js'
import { sipHash } from './sip-hash.js'

/** Names, and what each is. */
export interface Names {
  /** Undefined for a name that was not put yet. */
  typeOf(bytes: Uint8Array, start: number, end: number): TarEntryType | undefined
  /** Puts a name that was not put yet; false for one that was, which stays as it is. */
  add(bytes: Uint8Array, start: number, end: number, type: TarEntryType): boolean
  /** Puts a name, and what it is now. */
  put(bytes: Uint8Array, start: number, end: number, type: TarEntryType): void
}

const FIRST_SLOTS = 64

/**
 * A table of names without any. They are kept as bytes in blocks, found by their hashes: 12 to 24 bytes beside each name,
 * where a Map of strings takes a hundred, and nothing for the garbage collector to walk over.
 */
export function nameTable(): Names {
  const records = nameRecords()
  const slots = hashSlots((place) => records.isDrafted(place))
  const keep = (slot: number, hash: number, type: TarEntryType): void => slots.take(slot, hash, records.keep(type))
  return {
    typeOf(bytes, start, end) {
      const place = slots.placeIn(slots.find(records.draft(bytes, start, end)))
      return place < 0 ? undefined : records.typeAt(place)
    },
    add(bytes, start, end, type) {
      const hash = records.draft(bytes, start, end)
      const slot = slots.find(hash)
      if (slots.placeIn(slot) >= 0) return false
      keep(slot, hash, type)
      return true
    },
    put(bytes, start, end, type) {
      const hash = records.draft(bytes, start, end)
      const slot = slots.find(hash)
      const place = slots.placeIn(slot)
      if (place < 0) keep(slot, hash, type)
      else records.setType(place, type)
    },
  }
}

interface HashSlots {
  /** The slot of what has this hash and is what is sought, or the free one that it would take. */
  find(hash: number): number
  /** -1 where it is free. */
  placeIn(slot: number): number
  take(slot: number, hash: number, place: number): void
}

function hashSlots(isSought: (place: number) => boolean): HashSlots {
  // Free where the place is 0, else one more than that of a record; a third of them are free at least.
  let places = new Uint32Array(FIRST_SLOTS)
  let hashes = new Uint32Array(FIRST_SLOTS)
  let count = 0
  const grow = (): void => {
    const [oldPlaces, oldHashes] = [places, hashes]
    places = new Uint32Array(oldPlaces.length * 2)
    hashes = new Uint32Array(oldPlaces.length * 2)
    const last = places.length - 1
    for (let from = 0; from < oldPlaces.length; from++) {
      const place = oldPlaces[from] ?? 0
      if (place === 0) continue
      const hash = oldHashes[from] ?? 0
      let slot = hash & last
      while (places[slot] !== 0) slot = (slot + 1) & last
      places[slot] = place
      hashes[slot] = hash
    }
  }
  return {
    find(hash) {
      const last = places.length - 1
      let slot = hash & last
      for (; places[slot] !== 0; slot = (slot + 1) & last) {
        if (hashes[slot] === hash && isSought((places[slot] ?? 0) - 1)) break
      }
      return slot
    },
    placeIn: (slot) => (places[slot] ?? 0) - 1,
    take(slot, hash, place) {
      places[slot] = place + 1
      hashes[slot] = hash
      count += 1
      if (count * 3 > places.length * 2) grow()
    },
  }
}

interface Records {
  /** Writes a name where the next record goes, and gives its hash. */
  draft(bytes: Uint8Array, start: number, end: number): number
  /** Whether a record holds the name that was drafted. */
  isDrafted(place: number): boolean
  /** Makes a record of what was drafted: its place. */
  keep(type: TarEntryType): number
  typeAt(place: number): TarEntryType
  setType(place: number, type: TarEntryType): void
}

// A record: a word with the length of the name and its type, then the name, and zeros up to the next word.
const WORD = 4
const TYPE_BITS = 4

function nameRecords(): Records {
  const seed = randomBytes(8)
  const hash = sipHash(seed.readInt32LE(0), seed.readInt32LE(4))
  const blocks = growingBlocks()
  const drafted = { place: 0, words: 0, length: 0 }
  return {
    draft(bytes, start, end) {
      const length = end - start
      const words = (length + WORD - 1) >>> 2
      const place = blocks.roomFor(words + 1)
      const { words: kept, bytes: keptBytes, at } = blocks.of(place)
      if (words > 0) kept[at + words] = 0
      keptBytes.set(bytes.subarray(start, end), (at + 1) * WORD)
      drafted.place = place
      drafted.words = words
      drafted.length = length
      return hash(kept, at + 1, words, length)
    },
    isDrafted(place) {
      const one = blocks.of(place)
      const [words, at] = [one.words, one.at]
      if ((words[at] ?? 0) >>> TYPE_BITS !== drafted.length) return false
      const other = blocks.of(drafted.place)
      for (let next = 1; next <= drafted.words; next++) {
        if (words[at + next] !== other.words[other.at + next]) return false
      }
      return true
    },
    keep(type) {
      const { words, at } = blocks.of(drafted.place)
      words[at] = (drafted.length << TYPE_BITS) | ENTRY_TYPES.indexOf(type)
      blocks.take(drafted.words + 1)
      return drafted.place
    },
    typeAt(place) {
      const { words, at } = blocks.of(place)
      return ENTRY_TYPES[(words[at] ?? 0) & (2 ** TYPE_BITS - 1)] ?? 'unknown'
    },
    setType(place, type) {
      const { words, at } = blocks.of(place)
      words[at] = (((words[at] ?? 0) >>> TYPE_BITS) << TYPE_BITS) | ENTRY_TYPES.indexOf(type)
    },
  }
}
