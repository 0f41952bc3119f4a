import type { PlainMember } from '../tar/plain-header.js'
import type { TarEntry } from '../tar/entry.js'
import type { Spelling } from '../tar/spelling.js'
import { HASH_BYTES, hasContent } from './content-hashes.js'
import { entryRecords, readEntryRecords, type RecordedEntry } from './entry-records.js'
import { entryOfPlain } from './plain-members.js'

/** Takes the entries of a layer in order. */
export interface ContentsTaker {
  /** A plain member; valid until the call returns. Where the spelling is told, all are entries. */
  plain(member: PlainMember): void
  entry(entry: TarEntry, spelling: Spelling | undefined): void
  /** After the last byte of its content: the sha256 where it was asked for. Not called where the content is cut off. */
  entryEnd(hash: Uint8Array | undefined): void
  end(): void
}

/** A stretch of a layer, whole entries: their records, and the hashes of those that have content, in order. */
export interface ContentsPart {
  readonly entries: Uint8Array<ArrayBuffer>
  /** 32 bytes a file; one less than there are files where the last content is cut off. */
  readonly hashes: Uint8Array<ArrayBuffer>
}

const PART = 256 * 1024

/** A taker that hands entries on in stretches, as bytes for another thread. */
export function takeParts(onPart: (part: ContentsPart) => void): ContentsTaker {
  const entries = entryRecords()
  let hashes = new Uint8Array(1024 * HASH_BYTES)
  let hashed = 0
  const flush = () => {
    if (entries.size === 0) return
    onPart({ entries: entries.take(), hashes: hashes.slice(0, hashed) })
    hashed = 0
  }
  return {
    plain: (member) => entries.addPlain(member),
    entry: (entry, spelling) => entries.add(entry, spelling),
    entryEnd(hash) {
      if (hash !== undefined) {
        if (hashed === hashes.length) hashes = doubled(hashes)
        hashes.set(hash, hashed)
        hashed += HASH_BYTES
      }
      if (entries.size >= PART) flush()
    },
    end: flush,
  }
}

function doubled(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(bytes.length * 2)
  larger.set(bytes)
  return larger
}

/** Hears of the entries of a layer in order; a hash is a view of 32 bytes, and missing where there is no content or it is cut off. */
export interface ContentsHandlers {
  /** When its content has passed. */
  readonly onEntry: (entry: RecordedEntry, hash: Uint8Array | undefined) => void
  /** Hears of plain members in the place of `onEntry`, where it is there. */
  readonly plain?: PlainListener | undefined
}

/** Hears of plain members as they come, and of their hashes after them. */
export interface PlainListener {
  readonly onMember: (member: PlainMember) => void
  /** The content that begins there has that hash. */
  readonly onHash: (contentOffset: number, hash: Uint8Array) => void
}

/** A taker that tells each entry at once. */
export function takeEntries({ onEntry, plain }: ContentsHandlers): ContentsTaker {
  let open: RecordedEntry | undefined
  let contentOffset = 0
  const tell = (hash: Uint8Array | undefined) => {
    if (open !== undefined) onEntry(open, hash)
    else if (hash !== undefined) plain?.onHash(contentOffset, hash)
    open = undefined
  }
  return {
    plain(member) {
      if (plain === undefined) {
        open = owned(entryOfPlain(member))
        return
      }
      plain.onMember(member)
      contentOffset = member.offset + member.headerLength
    },
    entry: (entry, spelling) => void (open = spelling === undefined ? entry : { ...entry, spelling }),
    entryEnd: tell,
    end: () => tell(undefined),
  }
}

/** An entry whose names are no views. */
function owned(entry: RecordedEntry): RecordedEntry {
  return { ...entry, rawPath: entry.rawPath.slice(), rawLinkPath: entry.rawLinkPath.slice() }
}

/** Takes parts of one layer, in order, and tells the entries that they hold. */
export function entriesOfParts({ onEntry, plain }: ContentsHandlers): (part: ContentsPart) => void {
  return ({ entries, hashes }) => {
    let at = 0
    const hashOf = (entry: Pick<RecordedEntry, 'type' | 'size'>) => {
      if (!hasContent(entry) || at >= hashes.length) return undefined
      at += HASH_BYTES
      return hashes.subarray(at - HASH_BYTES, at)
    }
    readEntryRecords(entries, {
      onEntry: (entry) => onEntry(entry, hashOf(entry)),
      onPlain(member) {
        const hash = hashOf(member)
        if (plain === undefined) {
          onEntry(entryOfPlain(member), hash)
          return
        }
        plain.onMember(member)
        if (hash !== undefined) plain.onHash(member.offset + member.headerLength, hash)
      },
    })
  }
}
