import { concat } from '../bytes/concat.js'
import { BLOCK, formatOf, paddingOf, readNumber, unsignedSum } from './header.js'
import { isGlobal, isMeta, isPax } from './meta.js'
import { latin1Bytes } from './path.js'
import { parseTime, readRecord } from './pax.js'
import { paxRecord, writeOctal } from './write.js'

/** Which times become another one. */
export interface Retiming {
  /** The other one: whole seconds since 1970, 0 to 8^11 - 1, which every header holds. */
  readonly seconds: number
  /** `later`: only times after it, as tar's --clamp-mtime and SOURCE_DATE_EPOCH have it; `all`: every time that is said. */
  readonly which: 'later' | 'all'
}

/** The last second that the twelve bytes of a header's time hold as digits: in the year 2242. */
export const LAST_SECOND = 8 ** 11 - 1

// 136 - mtime; times of access and change are in 345 and 357 for GNU, in 476 and 488 for star.
const MTIME = 136
const MORE_TIMES = { gnu: [345, 357], star: [476, 488], ustar: [], v7: [] } as const
const TIME = 12
const TIME_KEYS: ReadonlySet<string> = new Set(['mtime', 'atime', 'ctime', 'LIBARCHIVE.creationtime'])
const NO_WORDS = new Uint32Array(0)

/**
 * All header blocks of an entry with other times: in the fields of each block, and in the records of PAX headers. A record
 * of the mtime goes where the field can say it, and a PAX header of which nothing is left with it; a PAX header or long
 * name that has no time of its own (0) gets none. What does not change stays byte for byte: then the result is `bytes`.
 */
export function retimedHeader(bytes: Uint8Array, retiming: Retiming): Uint8Array {
  const parts: Uint8Array[] = []
  let isChanged = false
  // A record that went: what it said is the field's to say.
  let isOwed = false
  for (let at = 0; at < bytes.length;) {
    const block = bytes.subarray(at, at + BLOCK)
    const typeflag = block[156] ?? 0
    const isOfNext = isMeta(typeflag)
    const length = isOfNext ? Number(readNumber(block, 124, TIME)) : bytes.length - at - BLOCK
    const end = isOfNext ? at + BLOCK + length + paddingOf(length) : bytes.length
    const rest = bytes.subarray(at + BLOCK, end)
    const records = isPax(typeflag) ? retimedRecords(rest.subarray(0, length), isGlobal(typeflag), retiming) : undefined
    isOwed ||= records?.isMtimeGone === true
    const timed = retimedBlock(block, { retiming, isOfNext, isOwed: isOwed && !isOfNext })
    isChanged ||= timed !== block || records !== undefined
    if (records === undefined) parts.push(timed, rest)
    else if (records.bytes.length > 0) parts.push(...withContent(timed, records.bytes))
    at = end
  }
  return isChanged ? concat(parts) : bytes
}

interface Records {
  readonly bytes: Uint8Array
  readonly isMtimeGone: boolean
}

/** The records of a PAX header; undefined where none changes. */
function retimedRecords(content: Uint8Array, isForAll: boolean, retiming: Retiming): Records | undefined {
  const parts: Uint8Array[] = []
  let isMtimeGone = false
  let isChanged = false
  for (let at = 0; at < content.length;) {
    const { key, value, next } = readRecord(content, at, 0)
    const record = content.subarray(at, next)
    at = next
    // No field of the entries that follow can say what a global header says of all.
    const mayGo = key === 'mtime' && !isForAll
    if (!TIME_KEYS.has(key) || !isOther(value, mayGo, retiming)) {
      parts.push(record)
      continue
    }
    isChanged = true
    if (mayGo) isMtimeGone = true
    else parts.push(paxRecord(key, latin1Bytes(`${retiming.seconds}`)))
  }
  return isChanged ? { bytes: concat(parts), isMtimeGone } : undefined
}

/** Whether a record does not say what it should; one that may go says too much, whatever it says. */
function isOther(value: Uint8Array, mayGo: boolean, { seconds, which }: Retiming): boolean {
  const time = parseTime(value)
  // An empty value leaves the field, and of creation times nobody asks what they mean.
  if (time === undefined) return false
  const isLater = time.seconds > seconds || (time.seconds === seconds && time.nanos > 0)
  if (which === 'later') return isLater
  return mayGo || time.seconds !== seconds || time.nanos !== 0
}

interface BlockRetiming {
  readonly retiming: Retiming
  /** Whether the block is that of a PAX header or long name. */
  readonly isOfNext: boolean
  /** Whether the field is to say the time whatever it said. */
  readonly isOwed: boolean
}

/** A block with other times and a checksum for them; the same block where none changes. */
function retimedBlock(block: Uint8Array, { retiming, isOfNext, isOwed }: BlockRetiming): Uint8Array {
  const { seconds, which } = retiming
  const format = formatOf(block)
  const isOtherAt = (at: number, mayBeNone: boolean): boolean => {
    if (mayBeNone && isUnset(block, at)) return false
    const time = readNumber(block, at, TIME)
    // A GNU header may have a part of a name there.
    if (time === undefined) return false
    return which === 'later' ? time > seconds : time !== seconds
  }
  const changed = MORE_TIMES[format].filter((at) => isOtherAt(at, true))
  const isMtime = isOtherAt(MTIME, isOfNext) || (isOwed && readNumber(block, MTIME, TIME) !== seconds)
  if (changed.length === 0 && !isMtime) return block
  const copy = block.slice()
  for (const at of isMtime ? [MTIME, ...changed] : changed) writeTime(copy, at, seconds)
  return sealed(copy)
}

// No digits, or none but zeros.
function isUnset(block: Uint8Array, at: number): boolean {
  return block[at] === 0 || readNumber(block, at, TIME) === 0
}

/** Digits, and behind them what was there: a space or a NUL. */
function writeTime(block: Uint8Array, at: number, seconds: number): void {
  const last = block[at + TIME - 1]
  writeOctal(block, at, TIME, seconds)
  if (last === 0x20) block[at + TIME - 1] = last
}

function sealed(block: Uint8Array): Uint8Array {
  const sum = unsignedSum({ bytes: block, words: NO_WORDS }, 0)
  writeOctal(block, 148, 7, sum)
  block[155] = 0x20
  return block
}

/** The block of a PAX header with other records, and those, padded. */
function withContent(block: Uint8Array, content: Uint8Array): Uint8Array[] {
  const copy = block.slice()
  writeOctal(copy, 124, TIME, content.length)
  return [sealed(copy), content, new Uint8Array(paddingOf(content.length))]
}
