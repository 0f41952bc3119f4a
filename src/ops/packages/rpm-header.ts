import { latin1 } from '../../tar/path.js'

/** Tags of a header that are read here (rpm, rpmtag.h). */
export const RPM_TAGS = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  arch: 1022,
  fileDigests: 1035,
  fileFlags: 1037,
  fileVerifyFlags: 1045,
  dirIndexes: 1116,
  baseNames: 1117,
  dirNames: 1118,
  fileDigestAlgo: 5011,
} as const

interface Tag {
  readonly type: number
  readonly at: number
  readonly count: number
}

/** A header that was opened; what its tags hold is read when asked for. */
export interface RpmHeader {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly tags: ReadonlyMap<number, Tag>
}

/** A header without its magic: counts, index entries of 16 bytes, data, big-endian. Undefined for what is none. */
export function openHeader(bytes: Uint8Array): RpmHeader | undefined {
  if (bytes.length < 8) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [count, size] = [view.getUint32(0), view.getUint32(4)]
  const data = 8 + count * 16
  if (data + size > bytes.length) return undefined
  const tags = new Map<number, Tag>()
  for (let at = 8; at < data; at += 16) {
    const tag = { type: view.getUint32(at + 4), at: data + view.getInt32(at + 8), count: view.getUint32(at + 12) }
    if (tag.at >= data && tag.at < bytes.length) tags.set(view.getUint32(at), tag)
  }
  return { bytes, view, tags }
}

const INT32 = 4
// STRING, STRING_ARRAY, I18NSTRING
const TEXTS = new Set([6, 8, 9])

/** The first texts of a tag, a latin1 character a byte; none where it is absent or of another type. */
export function textsAt({ bytes, tags }: RpmHeader, tag: number, most: number): string[] {
  const found = tags.get(tag)
  if (found === undefined || !TEXTS.has(found.type)) return []
  const texts: string[] = []
  for (let at = found.at; texts.length < Math.min(found.count, most) && at < bytes.length;) {
    const end = bytes.indexOf(0, at)
    if (end < 0) break
    texts.push(latin1(bytes.subarray(at, end)))
    at = end + 1
  }
  return texts
}

/** The first 32-bit numbers of a tag; none where it is absent or of another type. */
export function numbersAt({ view, tags }: RpmHeader, tag: number, most: number): number[] {
  const found = tags.get(tag)
  if (found?.type !== INT32) return []
  const count = Math.min(most, found.count, Math.floor((view.byteLength - found.at) / 4))
  return Array.from({ length: count }, (_, index) => view.getUint32(found.at + index * 4))
}

/** How many names of files a database may still tell: a name takes a byte there, and a hundred times as much here. */
export interface PathBudget {
  left: number
}

/** What a database of rpm may tell: ten times as many files as the largest systems have. */
export function pathBudget(): PathBudget {
  return { left: 5_000_000 }
}

/** The files of a package in the order of its other file tags, without a leading slash, as far as the budget goes. */
export function rpmPaths(header: RpmHeader, budget: PathBudget): string[] {
  const names = textsAt(header, RPM_TAGS.baseNames, budget.left)
  budget.left -= names.length
  const indexes = numbersAt(header, RPM_TAGS.dirIndexes, names.length)
  const directories = textsAt(header, RPM_TAGS.dirNames, names.length)
  return names.map((name, at) => `${directories[indexes[at] ?? -1] ?? '/'}${name}`.slice(1))
}
