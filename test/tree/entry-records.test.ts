import { expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../src/context.js'
import type { TarEntry } from '../../src/tar/entry.js'
import { tarPusher } from '../../src/tar/scan.js'
import { entryRecords, readEntryRecords, type RecordedEntry } from '../../src/tree/entry-records.js'
import { entryOfPlain } from '../../src/tree/plain-members.js'
import { directory, file, hardlink, layerTar, type LayerEntry } from '../support/layers.js'

function entriesOf(layer: readonly LayerEntry[]): TarEntry[] {
  const entries: TarEntry[] = []
  const pusher = tarPusher({ onEntry: (entry) => entries.push(entry) }, DEFAULT_LIMITS)
  pusher.push(layerTar(layer))
  pusher.end()
  return entries
}

/** What a record keeps of an entry. */
function kept({ path: _path, linkPath: _linkPath, uname: _uname, gname: _gname, ...entry }: TarEntry) {
  return entry
}

/** The entries of records; of plain members, what they stand for. */
function told(bytes: Uint8Array): RecordedEntry[] {
  const entries: RecordedEntry[] = []
  readEntryRecords(bytes, {
    onEntry: (entry) => entries.push(entry),
    onPlain: (member) => entries.push(entryOfPlain(member)),
  })
  return entries
}

const ENTRIES = [
  directory('etc', { mode: 0o1777, uid: 5 }),
  file('etc/a', { content: 'aa', mtimeNs: -1_500_000_001n, xattrs: { 'user.x': '\0\u00ff\n' } }),
  file(`etc/${'long'.repeat(60)}`, { content: 'b', gid: 3_000_000_000 }),
  { path: 'etc/link', type: 'symlink' as const, linkPath: '../\u00e4' },
  hardlink('etc/c', 'etc/a'),
]

test('a record tells of an entry what the decoder told', () => {
  const entries = entriesOf(ENTRIES)
  const records = entryRecords()
  for (const entry of entries) records.add(entry, undefined)
  expect(told(records.take())).toEqual(entries.map(kept))
  expect(records.size).toBe(0)
})

test('a plain member is kept as it is, among entries', () => {
  const entries = entriesOf([
    directory('etc'),
    { path: 'l', type: 'symlink', linkPath: 'to' },
    file('f', { content: 'f' }),
  ])
  const records = entryRecords()
  for (const entry of entries) {
    const { type, mode, uid, gid, size, rawPath: nameIn, rawLinkPath: link, header } = entry
    if (type !== 'file' && type !== 'directory' && type !== 'symlink') throw new Error(type)
    const { offset, length: headerLength } = header
    const name = { nameIn, nameStart: 0, nameEnd: nameIn.length, link }
    const mtime = Number(entry.mtimeNs / 1_000_000_000n)
    records.addPlain({ ...name, type, mode, uid, gid, size, mtime, offset, headerLength })
    records.add(entry, undefined)
  }
  expect(told(records.take())).toEqual(entries.flatMap((entry) => [kept(entry), kept(entry)]))
})

test('sparse maps, spellings, far times and odd numbers are kept', () => {
  const [entry] = entriesOf([file('f', { content: 'f' })])
  if (entry === undefined) throw new Error('no entry')
  const spelling = { headers: 'sha256:0', names: 'a:b' }
  const odd: TarEntry = {
    ...entry,
    mode: -1,
    size: 2 ** 52,
    mtimeNs: -(2n ** 90n),
    header: { offset: 2 ** 40, length: 512 },
    content: { offset: 2 ** 40 + 512, length: 1 },
    sparse: [{ offset: 2 ** 51, length: 1 }],
  }
  const records = entryRecords()
  records.add(odd, spelling)
  records.add(entry, undefined)
  expect(told(records.take())).toEqual([{ ...kept(odd), spelling }, kept(entry)])
})

test('records grow with what they hold', () => {
  const entries = entriesOf(Array.from({ length: 3000 }, (_, index) => file(`directory/file-${index}`)))
  const records = entryRecords()
  for (const entry of entries) records.add(entry, undefined)
  const names = told(records.take()).map(({ rawPath }) => new TextDecoder().decode(rawPath))
  expect(names).toEqual(entries.map(({ path }) => path))
})
