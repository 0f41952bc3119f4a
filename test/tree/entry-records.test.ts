import { expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../src/context.js'
import type { TarEntry } from '../../src/tar/entry.js'
import { tarPusher } from '../../src/tar/scan.js'
import { entryRecords, readEntryRecords } from '../../src/tree/entry-records.js'
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
  expect([...readEntryRecords(records.take())]).toEqual(entries.map(kept))
  expect(records.size).toBe(0)
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
  expect([...readEntryRecords(records.take())]).toEqual([{ ...kept(odd), spelling }, kept(entry)])
})

test('records grow with what they hold', () => {
  const entries = entriesOf(Array.from({ length: 3000 }, (_, index) => file(`directory/file-${index}`)))
  const records = entryRecords()
  for (const entry of entries) records.add(entry, undefined)
  const names = Array.from(readEntryRecords(records.take()), ({ rawPath }) => new TextDecoder().decode(rawPath))
  expect(names).toEqual(entries.map(({ path }) => path))
})
