import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { runContext } from '../../src/context.js'
import { digestRootfs } from '../../src/ops/rootfs-digest.js'
import { directory, file, hardlink, symlink, type LayerEntry } from '../support/layers.js'
import { rootfsOf } from './diff/support.js'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const digest = (layers: readonly (readonly LayerEntry[])[], tolerances = {}) =>
  digestRootfs(rootfsOf(...layers), { archive: 'a.tar', list: true, tolerances }, runContext())

const TREE = [
  directory('etc'),
  symlink('etc/link to', 'hi=,%'),
  file('etc/hi', { content: 'hi\n', uid: 7, gid: 8, mode: 0o4755 }),
  hardlink('etc/also', 'etc/hi', { mode: 0o4755, uid: 7, gid: 8 }),
  file('n\xe4', { mtimeNs: -1_500_000_000n, xattrs: { 'user.b': '\x01', 'user.a': 'x' } }),
  { path: 'null', type: 'char', device: [1, 3], mode: 0o666 } as const,
]

test('the list is what docs/rootfs-digest.md says, and the digest is its sha256', async () => {
  const found = await digest([TREE])
  const hi = sha256('hi\n')
  expect(found.list).toEqual([
    'imgtar-rootfs/1',
    'directory 0755 0 0 1700000000 - - - - - /etc',
    `file 4755 7 8 1700000000 3 ${hi} - - - /etc/also`,
    `file 4755 7 8 1700000000 3 ${hi} - /etc/also - /etc/hi`,
    'symlink 0777 0 0 1700000000 - - hi%3d%2c%25 - - /etc/link%20to',
    'char 0666 0 0 1700000000 - - 1,3 - - /null',
    `file 0644 0 0 -1.5 0 ${sha256('')} - - user.a=78,user.b=01 /n%e4`,
  ])
  expect(found.digest).toBe(`sha256:${sha256(`${found.list?.join('\n') ?? ''}\n`)}`)
  expect(found.entries).toBe(6)
})

test('layers leave no trace in it', async () => {
  const layered = [
    [file('gone'), ...TREE.slice(0, 2)],
    [file('.wh.gone'), ...TREE.slice(2)],
  ]
  expect((await digest(layered)).digest).toBe((await digest([TREE])).digest)
})

test('what is left out is named in the first line', async () => {
  const found = await digest([TREE], { fileTimestamps: true, profile: 'docker-export', ignore: ['*.pyc', 'a b'] })
  expect(found.list?.[0]).toBe('imgtar-rootfs/1 profile=docker-export mtime=ignored ignore=*.pyc ignore=a%20b')
  expect(found.list?.some((line) => line.endsWith(' /etc'))).toBe(false)
  expect(found.list?.[1]).toMatch(/^file 4755 7 8 - 3 /)
})

test('there is none where a layer is cut', async () => {
  const image = rootfsOf([file('f', { content: 'x'.repeat(4000) })])
  const [layer] = image.layers
  if (layer?.blob === undefined) throw new Error('no blob')
  const blob = layer.blob
  const cut = {
    ...layer,
    blob: { ...blob, size: 1024, read: (span: { offset: number; length: number }) => blob.read(span) },
  }
  const found = await digestRootfs({ ...image, layers: [cut] }, { archive: 'a.tar' }, runContext())
  expect([found.digest, found.findings.map(({ code }) => code)]).toEqual([null, ['LAYER_TAR']])
})
