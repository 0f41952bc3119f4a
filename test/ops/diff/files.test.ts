import { describe, expect, test } from 'vitest'
import { directory, ENTRY_TIME, file, hardlink, symlink } from '../../support/layers.js'
import { diffOf, linesOf } from './support.js'

const lines = async (...sides: Parameters<typeof diffOf>) => linesOf(await diffOf(...sides))

describe('the files of two images', () => {
  test('are compared after whiteouts, opaque directories and hard links did their work', async () => {
    const layered = [
      [directory('d'), file('d/a', { content: '1' }), file('d/b', { content: '2' }), file('x', { content: 'x' })],
      [file('d/.wh.a'), hardlink('y', 'x')],
    ]
    const flat = [[directory('d'), file('d/b', { content: '2' }), file('x', { content: 'x' }), hardlink('y', 'x')]]
    expect(await lines(layered, flat)).toEqual([])
  })

  test('differ in every field that differs', async () => {
    const a = [[file('f', { content: 'one', mode: 0o644, uid: 1, xattrs: { 'user.a': '1' } })]]
    const b = [[file('f', { content: 'four', mode: 0o755, gid: 7, xattrs: { 'user.b': '1' }, mtimeNs: 1n })]]
    expect(await lines(a, b)).toEqual(['~ f: mode uid gid size sha256 xattr:user.a xattr:user.b mtime'])
  })

  test('change their type in one change, while what was in a directory is gone', async () => {
    const a = [[directory('d'), file('d/inner', { content: 'i' })]]
    expect(await lines(a, [[symlink('d', 'elsewhere')]])).toEqual(['~ d: type mode linkPath', '- d/inner'])
  })

  test('are renamed where their content stands elsewhere, those of the same name first', async () => {
    const a = [
      [file('a/one', { content: 'same' }), file('a/two', { content: 'same' }), file('a/old', { content: 'o' })],
    ]
    const b = [
      [file('b/two', { content: 'same' }), file('b/else', { content: 'same' }), file('b/new', { content: 'o' })],
    ]
    expect(await lines(a, b)).toEqual(['- a', '+ b', '> b/else < a/one', '> b/new < a/old', '> b/two < a/two'])
  })

  test('are not renamed when they are empty: all empty files are alike', async () => {
    expect(await lines([[file('a')]], [[file('b')]])).toEqual(['- a', '+ b'])
  })

  test('have their time ignored where no entry describes a directory', async () => {
    expect(await lines([[file('d/f')]], [[directory('d', { mtimeNs: 5n }), file('d/f')]])).toEqual([])
  })

  test('are told apart as hard links, which a copy is not', async () => {
    const linked = [[file('a', { content: 'x' }), hardlink('b', 'a')]]
    const copied = [[file('a', { content: 'x' }), file('b', { content: 'x' })]]
    expect(await lines(linked, copied)).toEqual(['~ b: hardlink'])
  })

  test('are compared by the bytes of their names', async () => {
    expect(await lines([[file('n\xe4')]], [[file('n\xc3\xa4')]])).toEqual(['+ n\xc3\xa4', '- n\xe4'])
  })
})

describe('tolerances', () => {
  const later = ENTRY_TIME + 1_000_000_000n

  test('hide times, and count them', async () => {
    const options = { tolerances: { fileTimestamps: true } }
    const found = await diffOf([[file('f'), file('g')]], [[file('f', { mtimeNs: later }), file('g')]], options)
    expect([found.equal, found.ignored]).toEqual([true, [{ rule: '--ignore-timestamps', what: 'mtimes', count: 1 }]])
  })

  test('hide paths by pattern, and count only those that differ', async () => {
    const options = { tolerances: { ignore: ['*.pyc', '/var/cache/'] } }
    const b = [[file('a.pyc', { content: '1' }), file('var/cache/x', { content: '1' }), file('kept')]]
    const found = await diffOf([[file('kept')]], b, options)
    expect(linesOf(found)).toEqual(['+ var'])
    expect(found.ignored).toEqual([{ rule: '--ignore', what: 'paths', count: 3 }])
  })

  test('of docker export hide what docker puts into a container, whole seconds and lost attributes', async () => {
    const image = [
      [
        directory('etc'),
        file('etc/hosts', { content: 'own' }),
        file('f', { mtimeNs: 1_500_000_000n, xattrs: { 'user.x': '1' } }),
      ],
    ]
    const exported = [
      [
        file('.dockerenv'),
        directory('dev', { mtimeNs: later }),
        file('dev/console'),
        directory('etc', { mtimeNs: later }),
        file('etc/hosts'),
        symlink('etc/mtab', '/proc/mounts'),
        file('f', { mtimeNs: 1_000_000_000n }),
        directory('proc'),
      ],
    ]
    const found = await diffOf(image, exported, { tolerances: { profile: 'docker-export' } })
    expect(linesOf(found)).toEqual([])
    expect(found.a.rootfsDigest).toBe(found.b.rootfsDigest)
  })

  test('of docker export hide nothing that the image itself has below /proc', async () => {
    const found = await diffOf([[file('proc/own')]], [[directory('proc')]], {
      tolerances: { profile: 'docker-export' },
    })
    expect(linesOf(found)).toEqual(['- proc/own'])
  })
})
