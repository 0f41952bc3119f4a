import { describe, expect, test } from 'vitest'
import { diffIDOf, digestOf } from '../../../src/bytes/digest.js'
import { goClean } from '../../../src/ops/engines/go-path.js'
import type { LayerFacts } from '../../../src/ops/engines/layer-facts.js'
import type { UntarEntry } from '../../../src/ops/engines/untar.js'
import { unpackings } from '../../../src/ops/engines/unpackings.js'

const entry = (name: string, type: UntarEntry['type'] = 'file', link = ''): UntarEntry => ({
  name,
  type,
  typeflag: '0',
  link,
})

let readings = 0

/** A layer that counts how often its entries are asked for. */
function layer(...entries: readonly UntarEntry[]): LayerFacts {
  const digest = digestOf(new TextEncoder().encode(JSON.stringify(entries)))
  return {
    compression: 'none',
    isSkippable: false,
    digest,
    size: 1024,
    diffID: diffIDOf(digest),
    stream: 'sound',
    fault: undefined,
    get entries() {
      readings += 1
      return entries
    },
  }
}

const file = layer(entry('a'))
const marker = layer(entry('.wh.a'))
const hardlink = layer(entry('h', 'hardlink', 'a'))
const MISSING = 'link /a /h: no such file or directory'

describe('layers in one directory', () => {
  test('are what each image has below, also where images share a base', () => {
    const all = unpackings()
    const told = [[file, hardlink], [file, marker, hardlink], [file, hardlink], [hardlink]].map((layers) => {
      const stack = all.naive()
      return layers.map((facts) => stack.add(facts))
    })
    expect(told).toEqual([[undefined, undefined], [undefined, undefined, MISSING], [undefined, undefined], [MISSING]])
  })

  test('are unpacked once for all who have the same', () => {
    const all = unpackings()
    for (const facts of [file, hardlink]) all.naive().add(facts)
    const before = readings
    all.naive().add(file)
    expect(all.naive().add(hardlink)).toBe(MISSING)
    expect(readings).toBe(before)
  })
})

describe('a layer in a directory of its own', () => {
  test('is unpacked once, and told in the words of each dialect', () => {
    const all = unpackings()
    const odd = layer(entry('a'), entry('.wh.a'))
    const told = (['chroot', 'chroot-28', 'root'] as const).map((dialect) => all.overlay(odd, dialect))
    expect(told).toEqual([
      'failed to mknod("/a", S_IFCHR, 0): file exists',
      "failed to mknod('/a', S_IFCHR, 0): file exists",
      "failed to mknod('a', S_IFCHR, 0): file exists",
    ])
    const before = readings
    for (const dialect of ['chroot', 'chroot-28', 'root'] as const) all.overlay(odd, dialect)
    expect(readings).toBe(before)
  })

  test('ends before the first path that comes twice', () => {
    const all = unpackings()
    const twice = layer(entry('d/', 'directory'), entry('./d'), entry('x', 'unknown'))
    expect(all.unique(twice)).toBe(1)
    expect(all.overlay(twice, 'chroot')).toBeUndefined()
  })

  test('of containerd is another one for the base than above it', () => {
    const all = unpackings()
    const odd = layer(entry('a'), entry('.wh.a'))
    expect([all.containerd(odd, 'first'), all.containerd(odd, 'overlay')]).toEqual([
      undefined,
      'failed to convert whiteout file ".wh.a": file exists',
    ])
  })

  test('has a place that is looked for again where a link led through what is taken away', () => {
    const all = unpackings()
    const through = layer(entry('d/x/', 'directory'), entry('l', 'symlink', 'd/x/..'), entry('l/x', 'file'))
    expect(all.overlay(through, 'chroot')).toBe('open /l/x: no such file or directory')
  })
})

test.each([
  ['a/b', 'a/b'],
  ['a/', 'a'],
  ['./a', 'a'],
  ['a//b/../c', 'a/c'],
  ['a/.hidden', 'a/.hidden'],
  ['/', '/'],
  ['', '.'],
  ['../a', '../a'],
])('path.Clean makes of %j %j', (name, clean) => {
  expect(goClean(name)).toBe(clean)
})
