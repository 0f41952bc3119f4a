import { execFileSync } from 'node:child_process'
import { describe, expect, test, vi } from 'vitest'
import { packWrapper, wrapperHeader, type WrapperEntry } from '../../src/tar/wrapper.js'
import { chunksOf, collect } from '../support/chunks.js'
import { decode } from '../support/tar-blocks.js'

const TIME = 1_700_000_000

const file = (path: string, bytes: Uint8Array, cuts: readonly number[] = []): WrapperEntry => ({
  path,
  type: 'file',
  size: bytes.length,
  mode: 0o644,
  mtime: TIME,
  content: chunksOf(bytes, cuts),
})

const layer = Uint8Array.from({ length: 70_000 }, (_, at) => at % 251)

const members = (): WrapperEntry[] => [
  { path: 'blobs', type: 'directory', size: 0, mode: 0o755, mtime: TIME },
  file('blobs/layer.tar', layer, [1, 500, 66_000]),
  file('empty', new Uint8Array(0)),
  { path: 'link', type: 'symlink', size: 0, mode: 0o777, mtime: 0, linkPath: '../blobs/layer.tar' },
  { path: 'hard', type: 'hardlink', size: 0, mode: 0o644, mtime: 0, linkPath: 'blobs/layer.tar' },
]

describe('a wrapper', () => {
  test('holds what was given, from chunks that live only until the next one', async () => {
    const { entries, contents, oddities, end } = decode(await collect(packWrapper(members())))
    expect(entries.map(({ path, type, mode, size, uid, gid, mtimeNs, linkPath }) => [path, type, mode, size, uid, gid, mtimeNs, linkPath])).toEqual([
      ['blobs/', 'directory', 0o755, 0, 0, 0, BigInt(TIME) * 1_000_000_000n, ''],
      ['blobs/layer.tar', 'file', 0o644, 70_000, 0, 0, BigInt(TIME) * 1_000_000_000n, ''],
      ['empty', 'file', 0o644, 0, 0, 0, BigInt(TIME) * 1_000_000_000n, ''],
      ['link', 'symlink', 0o777, 0, 0, 0, 0n, '../blobs/layer.tar'],
      ['hard', 'hardlink', 0o644, 0, 0, 0, 0n, 'blobs/layer.tar'],
    ]) // prettier-ignore
    expect(Buffer.from(contents[1] ?? '', 'latin1').equals(layer)).toBe(true)
    expect(oddities).toEqual([])
    expect(end).toMatchObject({ marker: 'two-zero-blocks', trailing: 0 })
  })

  test('is the same each time', async () => {
    const [first, second] = await Promise.all([collect(packWrapper(members())), collect(packWrapper(members()))])
    expect(Buffer.compare(first, second)).toBe(0)
  })

  test('is read by the tar of the system', async () => {
    const tar = await collect(packWrapper(members()))
    const listing = execFileSync('tar', ['-tf', '-'], { input: tar, encoding: 'utf8' })
    expect(listing.split('\n')).toEqual(['blobs/', 'blobs/layer.tar', 'empty', 'link', 'hard', ''])
  })

  test('without members is an empty tar', async () => {
    expect(await collect(packWrapper([]))).toEqual(new Uint8Array(1024))
  })

  const plain: WrapperEntry = { path: 'a', type: 'file', size: 0, mode: 0o644, mtime: 0 }
  test.each([
    ['a name of 101 bytes', { path: 'n'.repeat(101) }],
    ['a directory whose slash is too much', { path: 'n'.repeat(100), type: 'directory' }],
    ['a name that is not ASCII', { path: 'é' }],
    ['a name with a line break', { path: 'a\nb' }],
    ['no name', { path: '' }],
    ['a link without a target', { type: 'symlink' }],
    ['a link target of 101 bytes', { type: 'hardlink', linkPath: 'n'.repeat(101) }],
    ['a link target of a file', { linkPath: 'a' }],
    ['a directory with a size', { type: 'directory', size: 1 }],
    ['a negative size', { size: -1 }],
    ['half a byte', { size: 0.5 }],
    ['the mode 0', { mode: 0 }],
    ['type bits in the mode', { mode: 0o100644 }],
    ['a time before 1970', { mtime: -1 }],
    ['a time after 2038', { mtime: 2 ** 31 }],
    ['half a second', { mtime: 0.5 }],
    ['less content than said', { size: 3, content: chunksOf(Uint8Array.of(1, 2)) }],
    ['no content', { size: 3 }],
    ['more content than said', { size: 1, content: chunksOf(Uint8Array.of(1, 2)) }],
  ] satisfies [string, Partial<WrapperEntry>][])('refuses %s', async (_, parts) => {
    await expect(collect(packWrapper([{ ...plain, ...parts }]))).rejects.toMatchObject({ code: 'ERR_OUTPUT' })
  })

  test('that is left early closes the content', async () => {
    let closed = false
    async function* content() {
      try {
        for (;;) {
          yield Uint8Array.of(1)
          await Promise.resolve()
        }
      } finally {
        closed = true
      }
    }
    for await (const chunk of packWrapper([{ ...plain, size: 9, content: content() }])) if (chunk.length === 1) break
    expect(closed).toBe(true)
  })
})

test('a header alone takes no errors, which cost more than itself', async () => {
  const traced = vi.spyOn(Error, 'captureStackTrace')
  const header = await wrapperHeader({ path: 'a', type: 'file', size: 70_000, mode: 0o644, mtime: 0 })
  expect(header).toHaveLength(512)
  expect(traced).not.toHaveBeenCalled()
  traced.mockRestore()
})
