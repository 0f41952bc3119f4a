import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS, type Limits } from '../../src/context.js'
import type { TarEntry } from '../../src/tar/entry.js'
import { plainPusher } from '../../src/tar/push-plain.js'
import { tarPusher, type TarPusher } from '../../src/tar/scan.js'
import { entryOfPlain } from '../../src/tree/plain-members.js'
import { cutsIn } from '../support/chunks.js'
import { member, tarOf } from '../support/tar-blocks.js'
import { MEMBERS } from '../support/tar-members.js'

/** Entries with the bytes of their contents, and where each was whole. */
function listener() {
  const told: unknown[] = []
  let content: number[] = []
  return {
    told,
    tell: ({ path: _path, linkPath: _linkPath, uname: _uname, gname: _gname, ...entry }: Partial<TarEntry>) => {
      content = []
      told.push({ ...entry, rawPath: entry.rawPath?.slice(), rawLinkPath: entry.rawLinkPath?.slice(), content })
    },
    onContent: (chunk: Uint8Array) => void content.push(...chunk),
    onContentEnd: () => void told.push('whole'),
  }
}

/** Pushes a tar that is cut at some places, from one buffer that is overwritten before each next chunk. */
function pushed(pusher: TarPusher, tar: Uint8Array, cuts: readonly number[]) {
  const shared = new Uint8Array(tar.length)
  let from = 0
  for (const to of [...cuts.filter((cut) => cut < tar.length).sort((a, b) => a - b), tar.length]) {
    shared.set(tar.subarray(from, to))
    pusher.push(shared.subarray(0, to - from))
    shared.fill(0xaa)
    from = to
  }
  return pusher.end()
}

function expectSame(tar: Uint8Array, cuts: readonly number[] = [], limits: Limits = DEFAULT_LIMITS): number {
  const [own, other] = [listener(), listener()]
  let plain = 0
  const onPlain = (one: Parameters<typeof entryOfPlain>[0]) => {
    plain += 1
    own.tell(entryOfPlain(one))
  }
  const { tell: onEntry, onContent, onContentEnd } = own
  const end = pushed(plainPusher({ onPlain, onEntry, onContent, onContentEnd }, limits), tar, cuts)
  const decoded = tarPusher(
    { onEntry: other.tell, onContent: (_, chunk) => other.onContent(chunk), onContentEnd: other.onContentEnd },
    limits,
  )
  expect(end).toEqual(pushed(decoded, tar, []))
  expect(own.told).toEqual(other.told)
  return plain
}

describe('what is pushed is told as the decoder tells it', () => {
  test.each(Object.entries(MEMBERS))('%s', (_, part) => {
    expectSame(tarOf(member({ name: 'before' }, '1'), part, member({ name: 'after' }, '2')))
  })

  const parts = fc.array(fc.constantFrom(...Object.values(MEMBERS)), { maxLength: 8 })

  test('whatever follows what, and wherever chunks are cut', () => {
    const cut = parts.map((all) => tarOf(...all)).chain((tar) => fc.tuple(fc.constant(tar), cutsIn(tar.length)))
    fc.assert(fc.property(cut, ([tar, cuts]) => void expectSame(tar, cuts)))
  })

  test('wherever a byte is wrong, and wherever the tar ends', () => {
    const { file, directory, symlink } = MEMBERS
    const all = [file, MEMBERS['long name'], directory, MEMBERS['GNU file'], MEMBERS['file with a prefix'], symlink]
    const tar = tarOf(...all.flatMap((part) => part ?? []))
    const position = fc.nat({ max: tar.length - 1 })
    fc.assert(
      fc.property(position, fc.nat({ max: 255 }), position, cutsIn(tar.length), (at, byte, end, cuts) => {
        const damaged = tar.slice()
        damaged[at] = byte
        expectSame(damaged, cuts)
        expectSame(tar.slice(0, end), cuts)
      }),
      { numRuns: 300 },
    )
  })

  test('with the limits that there are', () => {
    const tar = tarOf(...Array.from({ length: 5 }, (_, at) => member({ name: `f${at}` }, 'x')))
    expect(expectSame(tar, [], { ...DEFAULT_LIMITS, entries: 3 })).toBe(3)
  })
})

test('most members are plain, also where chunks are cut between blocks', () => {
  const { file, directory, symlink } = MEMBERS
  const all = [file, MEMBERS['long name'], directory, MEMBERS['GNU file'], MEMBERS['file with a prefix'], symlink]
  const tar = tarOf(...all.flatMap((part) => part ?? []))
  expect(expectSame(tar)).toBe(6)
  expect(expectSame(tar, [1024])).toBe(6)
})
