import { describe, expect, test, vi } from 'vitest'
import { wrapperHeader, type WrapperEntry } from '../../src/tar/wrapper.js'
import { concatenated } from '../support/chunks.js'
import { decode, END } from '../support/tar-blocks.js'

const TIME = 1_700_000_000

const plain: WrapperEntry = { path: 'a', type: 'file', size: 0, mode: 0o644, mtime: 0 }

describe('the header of a wrapper', () => {
  test('says what was given', async () => {
    const layer = await wrapperHeader({ ...plain, path: 'blobs/layer.tar', size: 512, mtime: TIME })
    const link = await wrapperHeader({
      ...plain,
      path: 'l',
      type: 'symlink',
      mode: 0o777,
      linkPath: '../blobs/layer.tar',
    })
    const { entries, oddities } = decode(concatenated(layer, new Uint8Array(512), link, END))
    expect(entries.map(({ path, type, mode, size, uid, gid, mtimeNs, linkPath }) => [path, type, mode, size, uid, gid, mtimeNs, linkPath])).toEqual([
      ['blobs/layer.tar', 'file', 0o644, 512, 0, 0, BigInt(TIME) * 1_000_000_000n, ''],
      ['l', 'symlink', 0o777, 0, 0, 0, 0n, '../blobs/layer.tar'],
    ]) // prettier-ignore
    expect(oddities).toEqual([])
  })

  test('is one block, and the same each time', async () => {
    const [first, second] = await Promise.all([wrapperHeader(plain), wrapperHeader(plain)])
    expect(first).toHaveLength(512)
    expect(second).toEqual(first)
  })

  test.each([
    ['a name of 101 bytes', { path: 'n'.repeat(101) }],
    ['a name that is not ASCII', { path: 'é' }],
    ['a name with a line break', { path: 'a\nb' }],
    ['no name', { path: '' }],
    ['a link without a target', { type: 'symlink' }],
    ['a link target of 101 bytes', { type: 'symlink', linkPath: 'n'.repeat(101) }],
    ['a link target of a file', { linkPath: 'a' }],
    ['a link with a size', { type: 'symlink', linkPath: 'a', size: 1 }],
    ['a negative size', { size: -1 }],
    ['half a byte', { size: 0.5 }],
    ['the mode 0', { mode: 0 }],
    ['type bits in the mode', { mode: 0o100644 }],
    ['a time before 1970', { mtime: -1 }],
    ['a time after 2038', { mtime: 2 ** 31 }],
    ['half a second', { mtime: 0.5 }],
  ] satisfies [string, Partial<WrapperEntry>][])('refuses %s', async (_, parts) => {
    await expect(wrapperHeader({ ...plain, ...parts })).rejects.toMatchObject({ code: 'ERR_OUTPUT' })
  })

  test('takes no errors, which cost more than itself', async () => {
    const traced = vi.spyOn(Error, 'captureStackTrace')
    await wrapperHeader(plain)
    expect(traced).not.toHaveBeenCalled()
    traced.mockRestore()
  })
})
