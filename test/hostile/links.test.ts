import { expect, test } from 'vitest'
import { changed, dockerSave, json, ociLayout, PLAIN } from '../support/archives.js'
import { sha256 } from '../support/chunks.js'
import { hardlink, symlink, type LayerEntry } from '../support/layers.js'
import { told } from '../support/opened.js'
import { attacked } from './support.js'

const [, top = new Uint8Array(0)] = PLAIN.layers
const TOP = `${sha256(top)}.tar`
const withoutTop = changed(dockerSave(PLAIN), { [TOP]: undefined })

const ATTACKS: readonly (readonly [string, readonly LayerEntry[], string])[] = [
  ['a symlink to itself', [symlink(TOP, TOP)], 'MEMBER_LINK_BROKEN'],
  ['two symlinks to each other', [symlink(TOP, 'b'), symlink('b', TOP)], 'MEMBER_LINK_BROKEN'],
  ['a hard link to itself', [hardlink(TOP, TOP)], 'MEMBER_LINK_BROKEN'],
  ['a symlink to a file of the host', [symlink(TOP, '/etc/passwd')], 'MEMBER_LINK_ESCAPES'],
  ['a symlink that climbs out', [symlink(TOP, '../../../etc/passwd')], 'MEMBER_LINK_ESCAPES'],
  ['a hard link that climbs out', [hardlink(TOP, '../../etc/passwd')], 'MEMBER_LINK_ESCAPES'],
  ['a hard link to a file of the host', [hardlink(TOP, '/etc/passwd')], 'MEMBER_LINK_BROKEN'],
  ['a symlink to nothing', [symlink(TOP, 'nothing')], 'MEMBER_LINK_BROKEN'],
  ['a FIFO', [{ path: TOP, type: 'fifo' }], 'MEMBER_LINK_BROKEN'],
  ['a device', [{ path: TOP, type: 'char', device: [1, 3] }], 'MEMBER_LINK_BROKEN'],
  ['a directory', [{ path: `${TOP}/`, type: 'directory' }], 'MEMBER_LINK_BROKEN'],
]

test.each(ATTACKS)('a layer that is %s is told and not followed', async (_, before, code) => {
  for (const outcome of await attacked({ members: withoutTop, before })) {
    expect(told(outcome)).toContain(code)
    expect(outcome.reports[0]?.layers[1]).toMatchObject({ missing: true })
  }
})

test('a chain of more links than anyone needs is given up', async () => {
  const links = Array.from({ length: 60 }, (_, at) => symlink(`l${at}`, `l${at + 1}`))
  for (const outcome of await attacked({ members: withoutTop, before: [symlink(TOP, 'l0'), ...links] })) {
    expect(told(outcome)).toContain('MEMBER_LINK_BROKEN')
  }
})

test('a path through a loop of directories ends', async () => {
  const members = changed(withoutTop, {
    'manifest.json': json([{ Config: 'd/d/d/c.json', RepoTags: [], Layers: [`d/d/${TOP}`] }]),
  })
  for (const outcome of await attacked({ members, before: [symlink('d', 'e/f'), symlink('e', 'd')] })) {
    expect(told(outcome)).toContain('MEMBER_LINK_BROKEN')
  }
})

test('a blob of a layout that is a link out is no blob', async () => {
  const path = `blobs/sha256/${sha256(top)}`
  const members = changed(ociLayout(PLAIN), { [path]: undefined })
  for (const outcome of await attacked({ members, before: [symlink(path, '../../../etc/passwd')] })) {
    expect(told(outcome)).toEqual(expect.arrayContaining(['MEMBER_LINK_ESCAPES', 'LAYER_MISSING']))
  }
})
