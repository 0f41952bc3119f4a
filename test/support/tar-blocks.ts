import { DEFAULT_LIMITS, type Limits } from '../../src/context.js'
import type { TarOddity } from '../../src/tar/differences.js'
import type { TarEnd } from '../../src/tar/end.js'
import type { TarEntry } from '../../src/tar/entry.js'
import { paddingOf } from '../../src/tar/header.js'
import { latin1Bytes } from '../../src/tar/path.js'
import { tarPusher } from '../../src/tar/scan.js'
import { concatenated } from './chunks.js'

/** A header block to be made, good or bad; text is latin1, numbers are written as octal digits. */
export interface BlockFields {
  readonly name?: string
  readonly type?: string
  readonly size?: number
  readonly link?: string
  readonly magic?: 'ustar' | 'gnu' | 'v7' | 'star'
  /** Raw bytes of the block, by their offset; they win over all the fields. */
  readonly raw?: Readonly<Record<number, string>>
  readonly checksum?: 'unsigned' | 'signed' | 'wrong'
}

const MAGICS = { ustar: 'ustar\x0000', gnu: 'ustar  \0', v7: '', star: 'ustar\x0000' }

/** Two zero blocks. */
export const END = new Uint8Array(1024)

/** A header block: mode 0644, owner 1:2, time 3, unless `raw` says otherwise. */
export function headerBlock(fields: BlockFields = {}): Uint8Array {
  const { name = 'name', type = '0', size = 0, link = '', magic = 'ustar', raw = {}, checksum = 'unsigned' } = fields
  const block = new Uint8Array(512)
  const write = (at: number, text: string) => {
    block.set(latin1Bytes(text), at)
  }
  write(0, name)
  write(100, '0000644\0')
  write(108, '0000001\0')
  write(116, '0000002\0')
  write(124, `${size.toString(8).padStart(11, '0')}\0`)
  write(136, '00000000003\0')
  write(156, type)
  write(157, link)
  write(257, MAGICS[magic])
  if (magic === 'star') write(508, 'tar\0')
  for (const [at, text] of Object.entries(raw)) write(Number(at), text)
  write(148, '        ')
  const value = (byte: number) => (checksum === 'signed' && byte > 127 ? byte - 256 : byte)
  const sum = block.reduce((total, byte) => total + value(byte), checksum === 'wrong' ? 1 : 0)
  write(148, `${sum.toString(8).padStart(6, '0')}\0 `)
  return block
}

/** A header, a content of that size, and padding. */
export function member(fields: BlockFields = {}, content = ''): Uint8Array {
  const bytes = latin1Bytes(content)
  return concatenated(headerBlock({ size: bytes.length, ...fields }), bytes, new Uint8Array(paddingOf(bytes.length)))
}

/** A PAX header of these records, local unless the type says otherwise. */
export function pax(records: readonly (readonly [string, string])[], type = 'x'): Uint8Array {
  return member({ name: 'PaxHeaders/name', type }, records.map(([key, value]) => paxRecord(key, value)).join(''))
}

/** One record with the right length. */
export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  let length = rest.length + 1
  while (`${length}${rest}`.length !== length) length++
  return `${length}${rest}`
}

/** GNU's long name (`L`) or long link target (`K`). */
export function gnuLong(type: 'L' | 'K', text: string): Uint8Array {
  return member({ name: '././@LongLink', type, magic: 'gnu' }, `${text}\0`)
}

/** A tar of these parts with its end marker. */
export function tarOf(...parts: readonly Uint8Array[]): Uint8Array {
  return concatenated(...parts, END)
}

/** All that a decoder tells of a tar. */
export interface Decoded {
  readonly entries: readonly TarEntry[]
  readonly contents: readonly string[]
  readonly oddities: readonly TarOddity[]
  readonly end: TarEnd
}

/** Decodes a tar that is pushed in pieces of that many bytes; contents are those stored, one latin1 character a byte. */
export function decode(tar: Uint8Array, limits: Partial<Limits> = {}, piece = tar.length): Decoded {
  const entries: TarEntry[] = []
  const contents: string[] = []
  const oddities: TarOddity[] = []
  const ended: TarEntry[] = []
  let content = ''
  const pusher = tarPusher(
    {
      onEntry(entry) {
        entries.push(entry)
        content = ''
      },
      onContent: (_, chunk) => (content += String.fromCharCode(...chunk)),
      onContentEnd(entry) {
        ended.push(entry)
        contents.push(content)
      },
      onOddity: (oddity) => oddities.push(oddity),
    },
    { ...DEFAULT_LIMITS, ...limits },
  )
  for (let at = 0; at < tar.length; at += Math.max(1, piece)) pusher.push(tar.slice(at, at + Math.max(1, piece)))
  const end = pusher.end()
  return { entries, contents, oddities, end }
}

/** The one entry of a tar that has one, and no fault. */
export function onlyEntry(...parts: readonly Uint8Array[]): TarEntry {
  const { entries, end } = decode(tarOf(...parts))
  const [entry] = entries
  if (entry === undefined || entries.length > 1) throw new Error(`${entries.length} entries`)
  if (end.fault !== undefined) throw new Error(end.fault.message)
  return entry
}
