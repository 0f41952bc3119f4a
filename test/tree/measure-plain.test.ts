import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bytesSource } from '../../src/bytes/source.js'
import { DEFAULT_LIMITS, type Limits } from '../../src/context.js'
import type { TarOddity } from '../../src/tar/differences.js'
import type { TarEntry } from '../../src/tar/entry.js'
import type { Notice } from '../../src/tar/measurement.js'
import { scanHeaders } from '../../src/tar/scan-headers.js'
import { tarPusher } from '../../src/tar/scan.js'
import { contentSizer } from '../../src/tree/content-size.js'
import { layerLint } from '../../src/tree/lint.js'
import { measureBlob, oddityNotice } from '../../src/tree/measure.js'
import { chunksOf, cutsIn } from '../support/chunks.js'
import { keepIn } from '../support/names.js'
import { layerTar } from '../support/layers.js'
import { member, tarOf } from '../support/tar-blocks.js'
import { MEMBERS } from '../support/tar-members.js'

/** What is told of members where each of them becomes an entry. */
function byEntries(tar: Uint8Array, limits: Limits) {
  const names: string[] = []
  const lint = layerLint(limits, keepIn(names))
  const odd: Notice[] = []
  const onEntry = (entry: TarEntry) => lint.entry(entry)
  const onOddity = (oddity: TarOddity) => void odd.push(...oddityNotice(oddity))
  const pusher = tarPusher({ onEntry, onOddity }, limits)
  pusher.push(tar)
  const { entries, fault } = pusher.end()
  const { notices, contentSize } = lint.end()
  return { names, notices: [...notices, ...odd], tar: { entries, contentSize, whole: fault === undefined } }
}

const OF_THE_END = ['LAYER_EMPTY', 'LAYER_END_MISSING', 'LAYER_TAR', 'LAYER_TRAILING_BYTES', 'LIMIT_REACHED']

async function expectSame(tar: Uint8Array, cuts: readonly number[] = [], limits = DEFAULT_LIMITS): Promise<void> {
  const names: string[] = []
  const onName = keepIn(names)
  const measured = await measureBlob(chunksOf(tar, cuts), { limits, location: 'blob', layer: 'yes', onName })
  const told = byEntries(tar, limits)
  const ofTheEnd = measured.notices.slice(0, measured.notices.length - told.notices.length)
  expect(measured).toMatchObject({ notices: [...ofTheEnd, ...told.notices], tar: told.tar })
  expect(OF_THE_END).toEqual(expect.arrayContaining(ofTheEnd.map(({ code }) => code)))
  expect(names).toEqual(told.names)
  const sizer = contentSizer()
  await scanHeaders(bytesSource(tar, 'blob'), sizer, { limits })
  expect(sizer.size).toBe(told.tar.contentSize)
}

// Few names, so that they meet: directories that become files, links into them, whiteouts, names that need cleaning.
const NAMES = [
  'a',
  './a',
  'a/',
  'a/b',
  'a//b',
  'a/b/c',
  '/a/b',
  'c/d',
  '../a',
  'a/../c',
  '.wh.a',
  'a/.wh..wh..opq',
  'a/..b',
  './',
]
const part = fc
  .record({
    name: fc.constantFrom(...NAMES),
    type: fc.constantFrom('0', '5', '2', '1', '3', 'Z'),
    link: fc.constantFrom('a', '../a', '../../..', '/../x', 'a/b'),
    content: fc.constantFrom('', 'content'),
  })
  .map(({ content, ...header }) => member(header, header.type === '0' ? content : ''))

describe('a layer is measured alike, whether its plain members become entries or not', () => {
  test('with members of all kinds, wherever chunks are cut', async () => {
    const parts = fc.array(fc.constantFrom(...Object.values(MEMBERS)), { maxLength: 6 })
    const cut = parts.map((all) => tarOf(...all)).chain((tar) => fc.tuple(fc.constant(tar), cutsIn(tar.length)))
    await fc.assert(fc.asyncProperty(cut, ([tar, cuts]) => expectSame(tar, cuts)))
  })

  test('with names that meet, climb and hide each other', async () => {
    const layers = fc.array(part, { maxLength: 8 }).map((parts) => tarOf(...parts))
    await fc.assert(
      fc.asyncProperty(layers, (tar) => expectSame(tar)),
      { numRuns: 1000 },
    )
  })

  test('with a directory that becomes a file', async () => {
    const [folder, inIt] = [
      { path: 'a', type: 'directory' },
      { path: 'a/b', content: 'content' },
    ] as const
    for (const path of ['a', '../a']) {
      await expectSame(layerTar([folder, inIt, { path }, { path: 'a/c' }]))
      await expectSame(layerTar([folder, inIt, { path }, folder, { path: 'a/c' }]))
    }
  })

  test('with names that are too long or too deep, and too many entries', async () => {
    const tar = layerTar([{ path: 'x'.repeat(256) }, { path: 'a/b/c/d' }, { path: 'e' }, { path: 'f' }])
    await expectSame(tar)
    await expectSame(tar, [], { ...DEFAULT_LIMITS, depth: 3 })
    await expectSame(tar, [], { ...DEFAULT_LIMITS, entries: 3 })
  })

  test('with any byte wrong, and cut anywhere', async () => {
    const tar = layerTar([{ path: 'a', type: 'directory' }, { path: 'a/b', content: 'content' }, { path: 'a/c' }])
    const position = fc.nat({ max: tar.length - 1 })
    await fc.assert(
      fc.asyncProperty(position, fc.nat({ max: 255 }), position, async (at, byte, end) => {
        const damaged = tar.slice()
        damaged[at] = byte
        await expectSame(damaged)
        await expectSame(tar.slice(0, end))
      }),
    )
  })

  test('with more of an oddity than is told', async () => {
    await expectSame(tarOf(...Array.from({ length: 150 }, () => MEMBERS['signed checksum'] ?? new Uint8Array(0))))
  })
})
