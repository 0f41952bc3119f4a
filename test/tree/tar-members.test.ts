import { expect, test } from 'vitest'
import { EXPORT_PROFILE, LAYER_PROFILE, treeMembers, type HeaderProfile } from '../../src/tree/tar-members.js'
import { concatenated } from '../support/chunks.js'
import { directory, file, hardlink, symlink, type LayerEntry } from '../support/layers.js'
import { END, decode } from '../support/tar-blocks.js'
import { mergeEntries } from '../support/trees.js'

/** The entries of the members of a tree, contents left out. */
async function members(profile: HeaderProfile, ...entries: LayerEntry[]) {
  const { tree } = await mergeEntries(entries)
  const headers = Array.from(treeMembers(tree, profile), ({ header }) => header.slice())
  return decode(concatenated(...headers, END)).entries
}

const CAPABLE = '\x01\0\0\x03\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
const xattrs = { 'security.capability': `${CAPABLE}\xe8\x03\0\0`, 'user.a': '1' }

test('an export keeps security.capability alone, without the owner of a user namespace', async () => {
  const [entry] = await members(EXPORT_PROFILE, file('f', { xattrs }))
  expect([...(entry?.pax ?? [])].map(([key, value]) => [key, Buffer.from(value).toString('latin1')])).toEqual([
    ['SCHILY.xattr.security.capability', CAPABLE.replace('\x03', '\x02')],
  ])
})

test('a layer keeps every attribute as it is', async () => {
  const [entry] = await members(LAYER_PROFILE, file('f', { xattrs }))
  expect([...(entry?.pax.keys() ?? [])]).toEqual(['SCHILY.xattr.security.capability', 'SCHILY.xattr.user.a'])
  expect(entry?.pax.get('SCHILY.xattr.security.capability')).toHaveLength(24)
})

test.each([
  [1_600_000_000_999_999_999n, 1_600_000_000_000_000_000n],
  [-1n, 0n],
  [-86_400_000_000_000n, 0n],
  [2n ** 63n, 0n],
])('an export has the time %i as %i, a layer as it is', async (mtimeNs, expected) => {
  const [exported] = await members(EXPORT_PROFILE, file('f', { mtimeNs }))
  const [layered] = await members(LAYER_PROFILE, file('f', { mtimeNs }))
  expect([exported?.mtimeNs, layered?.mtimeNs]).toEqual([expected, mtimeNs])
})

test('names stand in the order of a walk, directories with a slash, links behind their first name', async () => {
  const entries = await members(
    EXPORT_PROFILE,
    file('a-b'),
    directory('a'),
    file('a/z', { type: 'char', device: [1, 3] }),
    hardlink('a/y', 'a/z'),
    symlink('b', 'a'),
    hardlink('c', 'b'),
    file('a.d'),
  )
  expect(entries.map(({ path, typeflag, linkPath }) => [path, typeflag, linkPath])).toEqual([
    ['a/', '5', ''],
    ['a/y', '3', ''],
    ['a/z', '1', 'a/y'],
    ['a-b', '0', ''],
    ['a.d', '0', ''],
    ['b', '2', 'a'],
    ['c', '1', 'b'],
  ])
  // docker leaves the numbers of the device in the link to it.
  expect(entries[2]).toMatchObject({ devMajor: 1, devMinor: 3, size: 0 })
})
