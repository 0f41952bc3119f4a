import { describe, expect, test } from 'vitest'
import { applyContainerd, applyNaive } from '../../../src/ops/engines/apply.js'
import { emptyDirectory, isFault, lookUp, makeDirectories } from '../../../src/ops/engines/disk.js'
import { unpack, type UntarEntry } from '../../../src/ops/engines/untar.js'

const entry = (name: string, type: UntarEntry['type'] = 'file', link = ''): UntarEntry => ({
  name,
  type,
  typeflag: type === 'unknown' ? '7' : '0',
  link,
})

const overlay = { whiteouts: 'overlay', dialect: 'chroot' } as const

describe('a path of the disk', () => {
  test('is followed through links, which never lead above the root', () => {
    const root = emptyDirectory()
    unpack(root, [entry('d/', 'directory'), entry('d/f'), entry('l', 'symlink', '../../d')], overlay)
    const found = lookUp(root, 'l/f', 'all')
    expect(isFault(found) ? found : found.node?.kind).toBe('file')
  })

  test('ends in the words of the kernel', () => {
    const root = emptyDirectory()
    unpack(root, [entry('f'), entry('a', 'symlink', 'b'), entry('b', 'symlink', 'a')], overlay)
    expect(lookUp(root, 'f/x', 'all')).toBe('not a directory')
    expect(lookUp(root, 'a/x', 'all')).toBe('too many levels of symbolic links')
    expect(lookUp(root, 'no/x', 'all')).toBe('no such file or directory')
    expect(lookUp(root, 'n'.repeat(256), 'all')).toBe('file name too long')
  })

  test('is no link to what is longer than a path may be', () => {
    const link = (length: number) => unpack(emptyDirectory(), [entry('l', 'symlink', 'a'.repeat(length))], overlay)
    expect(link(4095)).toBeUndefined()
    expect(link(4096)).toMatch(/^symlink a+ \/l: file name too long$/)
  })

  test('is made as deep as a path may be, in one walk', () => {
    expect(makeDirectories(emptyDirectory(), 'a/'.repeat(2000))).toBeUndefined()
    expect(makeDirectories(emptyDirectory(), 'a/'.repeat(3000))).toBe('file name too long')
  })
})

describe('a layer of overlay2', () => {
  test.each([
    [
      'a hard link to a later entry',
      [entry('h', 'hardlink', 'f'), entry('f')],
      'link /f /h: no such file or directory',
    ],
    [
      'a hard link to a directory',
      [entry('d', 'directory'), entry('h', 'hardlink', 'd')],
      'link /d /h: operation not permitted',
    ],
    ['a whiteout of its own file', [entry('f'), entry('.wh.f')], 'failed to mknod("/f", S_IFCHR, 0): file exists'],
    ['a whiteout without a name', [entry('.wh.')], 'failed to mknod("/", S_IFCHR, 0): file exists'],
    ['a type that docker does not know', [entry('x', 'unknown')], 'unhandled tar header type 55'],
    ['a file below a file', [entry('f'), entry('f/x')], 'open /f/x: not a directory'],
    [
      'a file through a link that leads nowhere',
      [entry('l', 'symlink', '/tmp'), entry('l/x')],
      'open /l/x: no such file or directory',
    ],
  ])('with %s is refused', (_, entries, words) => {
    expect(unpack(emptyDirectory(), entries, overlay)).toBe(words)
  })

  test.each([
    ['a hard link to a symlink', [entry('l', 'symlink', 'x'), entry('h', 'hardlink', 'l')]],
    ['a whiteout before the file', [entry('.wh.f'), entry('f')]],
    ['a name that climbs', [entry('../../f')]],
    ['an opaque marker at the root', [entry('.wh..wh..opq')]],
  ])('with %s is taken', (_, entries) => {
    expect(unpack(emptyDirectory(), entries, overlay)).toBeUndefined()
  })

  test('is held to stricter rules below an open root', () => {
    const root = { whiteouts: 'overlay', dialect: 'root' } as const
    expect(unpack(emptyDirectory(), [entry('../f')], root)).toBe('invalid entry name "../f"')
    expect(unpack(emptyDirectory(), [entry('l', 'symlink', '/tmp'), entry('l/x')], root)).toBeUndefined()
  })
})

test('vfs applies layers onto one another, so that links reach below', () => {
  const below = emptyDirectory()
  expect(applyNaive(below, [entry('f')])).toBeUndefined()
  expect(applyNaive(below, [entry('h', 'hardlink', 'f'), entry('.wh.f')])).toBeUndefined()
  expect([...below.children.keys()]).toEqual(['h'])
})

test('containerd obeys whiteouts in its first layer and writes devices in later ones', () => {
  const entries = [entry('f'), entry('.wh.f')]
  expect(applyContainerd(emptyDirectory(), entries, 'first')).toBeUndefined()
  expect(applyContainerd(emptyDirectory(), entries, 'overlay')).toBe(
    'failed to convert whiteout file ".wh.f": file exists',
  )
  expect(applyContainerd(emptyDirectory(), [entry('.wh..')], 'first')).toBe(
    'invalid whiteout name: .wh..: invalid archive',
  )
})
