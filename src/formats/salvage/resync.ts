import { slice, type ByteSource } from '../../bytes/source.js'
import type { RunContext } from '../../context.js'
import type { Finding } from '../../findings.js'
import { findingLog } from '../../model/finding-log.js'
import type { LooseMember } from '../../model/loose-member.js'
import type { TarEnd } from '../../tar/end.js'
import type { TarEntry } from '../../tar/entry.js'
import { BLOCK, hasChecksum, isZero } from '../../tar/header.js'
import { displayPath } from '../../tar/path.js'
import { scanSource } from '../../tar/scan.js'
import { paddingOf } from '../../tar/write.js'
import { storedLayer } from '../layers.js'

/** What was found in a damaged tar. */
export interface FoundMembers {
  readonly members: readonly LooseMember[]
  readonly findings: readonly Finding[]
}

// A file of noise must not be looked through again and again.
const MOST_BREAKS = 1000

interface Search {
  readonly source: ByteSource
  readonly archive: string
  readonly members: LooseMember[]
  readonly context: RunContext
}

/**
 * The files of a tar of which headers may be damaged and the end may be missing: behind each header that cannot be read,
 * reading goes on where the next one stands. Errors: ERR_IO, ERR_ABORTED.
 */
export async function foundMembers(source: ByteSource, archive: string, context: RunContext): Promise<FoundMembers> {
  const log = findingLog(archive)
  const search: Search = { source, archive, members: [], context }
  let from = 0
  for (let breaks = 0; from < source.size && breaks < MOST_BREAKS; breaks++) {
    const { fault } = await scanFrom(search, from)
    if (fault === undefined) break
    const offset = from + fault.offset
    const isCut = fault.kind === 'truncated-header' || fault.kind === 'truncated-content'
    const place = { offset, ...(fault.entry !== undefined && { path: fault.entry }) }
    log.add(isCut ? 'ARCHIVE_TRUNCATED' : 'ARCHIVE_HEADER', fault.message, place)
    if (isCut || fault.kind === 'limit') break
    const next = await goOn(search, offset)
    if (next === undefined) break
    from = next
  }
  return { members: search.members, findings: log.findings }
}

async function scanFrom({ source, archive, members, context }: Search, from: number): Promise<TarEnd> {
  const rest = slice(source, { offset: from, length: source.size - from }, archive)
  const onEntry = (entry: TarEntry) => {
    if (entry.type !== 'file' || entry.sparse !== undefined) return
    const offset = from + entry.content.offset
    const length = Math.min(entry.content.length, source.size - offset)
    const state = length === entry.content.length ? 'whole' : 'cut'
    if (length > 0) members.push(member({ source, archive }, entry.path, { offset, length }, { state }))
  }
  return scanSource(rest, { onEntry }, context)
}

function member(
  { source, archive }: Pick<Search, 'source' | 'archive'>,
  path: string,
  span: { readonly offset: number; readonly length: number },
  { state, least }: Pick<LooseMember, 'state' | 'least'>,
): LooseMember {
  const part = slice(source, span, `${archive} › ${path}`)
  const { offset } = span
  return {
    path,
    state,
    source: part,
    offset,
    ...(least !== undefined && { least }),
    layer(index, claims, length = part.size) {
      const fitted = length === part.size ? part : slice(part, { offset: 0, length }, part.location)
      return storedLayer(index, { path, source: fitted, offset }, claims)
    },
  }
}

/** Works out what stands behind the damaged header at `offset`, and gives where to read on. */
async function goOn(search: Search, offset: number): Promise<number | undefined> {
  const { source, members } = search
  const block = await blockAt(source, offset)
  if (block === undefined) return undefined
  const path = nameIn(block)
  const content = offset + BLOCK
  const size = sizeIn(block)
  if (size !== undefined && (await isBoundary(source, content + size + paddingOf(size)))) {
    if (size > 0) members.push(member(search, path, { offset: content, length: size }, { state: 'mended' }))
    return content + size + paddingOf(size)
  }
  const next = await nextHeader(search, content)
  if (next === undefined) return undefined
  if (next > content) return addGap(search, path, content, next)
  return (await addInnerTar(search, path, next)) ?? next
}

/** What lies before the next header: all of it, or without the zeros that fill up the last block. */
async function addGap(search: Search, path: string, from: number, to: number): Promise<number> {
  const { source, members, context } = search
  const tail = await source.read({ offset: to - BLOCK, length: BLOCK }, context.signal)
  const zeros = BLOCK - 1 - tail.findLastIndex((byte) => byte !== 0)
  const least = to - from - Math.min(zeros, BLOCK - 1)
  members.push(member(search, path, { offset: from, length: to - from }, { state: 'mended', least }))
  return to
}

/** A layer begins with a header of its own: where another archive member follows its end marker, it was one. */
async function addInnerTar(search: Search, path: string, from: number): Promise<number | undefined> {
  const { source, archive, members, context } = search
  const rest = slice(source, { offset: from, length: source.size - from }, archive)
  const end = await scanSource(rest, { onEntry: () => undefined }, context)
  if (end.fault !== undefined || end.marker !== 'two-zero-blocks') return undefined
  const marker = from + end.offset
  const next = await nextHeader(search, marker)
  if (next === undefined) return undefined
  const least = end.offset + 2 * BLOCK
  members.push(member(search, path, { offset: from, length: next - from }, { state: 'mended', least }))
  return next
}

async function blockAt(source: ByteSource, offset: number): Promise<Uint8Array | undefined> {
  return offset + BLOCK > source.size ? undefined : source.read({ offset, length: BLOCK })
}

/** Whether a member can end there: a header or zeros follow, or the end of the file. */
async function isBoundary(source: ByteSource, offset: number): Promise<boolean> {
  if (offset === source.size) return true
  const block = await blockAt(source, offset)
  return block !== undefined && (isZero(block) || hasChecksum(block))
}

function nameIn(block: Uint8Array): string {
  const raw = block.subarray(0, 100)
  const end = raw.indexOf(0)
  return displayPath(end < 0 ? raw : raw.subarray(0, end))
}

/** 124 - size, 12 bytes, octal; undefined where it is none. */
function sizeIn(block: Uint8Array): number | undefined {
  const text = String.fromCharCode(...block.subarray(124, 136))
  const digits = /^ *([0-7]+)[ \0]*$/.exec(text)?.[1]
  return digits === undefined ? undefined : Number.parseInt(digits, 8)
}

const WINDOW = 256 * 1024

/** Where the next header stands, from `from` on. */
async function nextHeader({ source, context }: Search, from: number): Promise<number | undefined> {
  for (let at = from; at + BLOCK <= source.size; at += WINDOW) {
    const length = Math.min(WINDOW, source.size - at)
    const bytes = await source.read({ offset: at, length: length - (length % BLOCK) }, context.signal)
    for (let block = 0; block < bytes.length; block += BLOCK) {
      if (isHeader(bytes.subarray(block, block + BLOCK))) return at + block
    }
  }
  return undefined
}

// 257 - magic: noise adds up by chance once in a while.
function isHeader(block: Uint8Array): boolean {
  return block[257] === 0x75 && block[258] === 0x73 && block[259] === 0x74 && hasChecksum(block)
}
