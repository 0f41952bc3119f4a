import { describe, expect, test } from 'vitest'
import { concatenated } from '../support/chunks.js'
import { decode, END, gnuLong, headerBlock, member, pax, tarOf } from '../support/tar-blocks.js'

const kindsOf = (...parts: readonly Uint8Array[]) => decode(concatenated(...parts)).oddities.map(({ kind }) => kind)

describe('an oddity is told for', () => {
  test.each([
    ['headers after the end', 'after-end', [member({}, 'x'), END, member({}, 'hidden'), END]],
    ['a negative number', 'base-256-negative', [headerBlock({ raw: { 108: '\xff'.repeat(8) } }), END]],
    ['a PAX record that stands twice', 'duplicate-pax-key', [pax([['uid', '1'], ['uid', '2']]), headerBlock(), END]], // prettier-ignore
    ['a global header', 'global-header', [pax([['uid', '1']], 'g'), END]],
    ['a prefix in a GNU header', 'gnu-prefix', [headerBlock({ magic: 'gnu', raw: { 345: 'some' } }), END]],
    ['a long name and a PAX path', 'long-name-and-pax-path', [pax([['path', 'a']]), gnuLong('L', 'b'), headerBlock(), END]], // prettier-ignore
    ['a long and a PAX link target', 'long-name-and-pax-path', [pax([['linkpath', 'a']]), gnuLong('K', 'b'), headerBlock({ type: '2' }), END]], // prettier-ignore
    ['a lone zero block', 'lone-zero-block', [headerBlock(), new Uint8Array(512), headerBlock(), END]],
    ['no end marker', 'missing-end', [headerBlock()]],
    ['half an end marker', 'missing-end', [headerBlock(), new Uint8Array(512)]],
    ['a type that docker refuses', 'non-standard-type', [headerBlock({ type: '7' }), END]],
    ['a directory by its slash alone', 'nul-directory', [headerBlock({ type: '\0', name: 'd/' }), END]],
    ['a PAX header before nothing', 'orphaned-meta', [pax([['uid', '1']]), END]],
    ['another size in the PAX record', 'pax-size', [pax([['size', '3']]), headerBlock({ size: 9 }), member({}, 'abc').slice(512), END]], // prettier-ignore
    ['a number that is rounded', 'rounded-number', [headerBlock({ raw: { 108: '\x81\0\0\0\0\0\0\x01' } }), END]],
    ['two PAX headers', 'second-pax-header', [pax([['uid', '1']]), pax([['gid', '1']]), headerBlock(), END]],
    ['a checksum of signed bytes', 'signed-checksum', [headerBlock({ name: '\xe9', checksum: 'signed' }), END]],
    ['a directory with a size', 'size-without-content', [headerBlock({ type: '5', size: 5 }), END]],
    ['a hard link with a size', 'size-without-content', [headerBlock({ type: '1', size: 5 }), END]],
    ['a header without magic', 'v7', [headerBlock({ magic: 'v7' }), headerBlock({ magic: 'v7' }), END]],
  ])('%s', (_, kind, parts) => {
    expect(kindsOf(...parts)).toEqual([kind])
  })

  test('a global header that renames', () => {
    expect(kindsOf(pax([['path', 'all']], 'g'), END)).toEqual(['global-header', 'global-path'])
  })

  test('a sparse file', () => {
    const records = pax([['GNU.sparse.size', '9'], ['GNU.sparse.numblocks', '1'], ['GNU.sparse.map', '1,3']]) // prettier-ignore
    expect(kindsOf(records, member({}, 'abc'), END)).toEqual(['sparse'])
  })

  test('a last block that is cut off', () => {
    expect(kindsOf(member({}, 'abc').slice(0, 600))).toEqual(['missing-padding', 'missing-end'])
  })
})

test('nothing is odd about what docker, GNU tar and Go write every day', () => {
  const parts = [
    headerBlock({ name: 'd/', type: '5' }),
    member({}, 'content'),
    headerBlock({ type: '2', link: 'name' }),
    pax([['path', 'é'], ['mtime', '1.5'], ['size', '7']]), // prettier-ignore
    member({}, 'content'),
    gnuLong('L', 'l'.repeat(200)),
    member({ magic: 'gnu' }, 'x'),
  ]
  expect(kindsOf(...parts, END, new Uint8Array(9000))).toEqual([])
})

test('an oddity says where it is and of what entry', () => {
  const { oddities } = decode(tarOf(member({}, 'x'), headerBlock({ name: 'dir/', type: '5', size: 5 })))
  expect(oddities).toEqual([
    { kind: 'size-without-content', offset: 1024, entry: 'dir/', message: 'a directory with a size of 5' },
  ])
})

test('of each kind no more than a hundred are told', () => {
  const many = Array.from({ length: 150 }, () => headerBlock({ type: '5', size: 5 }))
  expect(decode(tarOf(...many)).oddities).toHaveLength(100)
})
