import { execFileSync } from 'node:child_process'
import { chmod, link, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runContext } from '../../src/context.js'
import { directoryFiles } from '../../src/formats/directory-files.js'
import { openArchive } from '../../src/formats/index.js'
import { hybrid, ociLayout, PLAIN, type Members } from '../support/archives.js'
import { collect } from '../support/chunks.js'
import { opened, told, troubles } from '../support/opened.js'
import { decode } from '../support/tar-blocks.js'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imgtar-test-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function write(members: Members): Promise<void> {
  for (const [path, bytes] of members) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), bytes)
  }
}

describe('a layout that is a directory', () => {
  test('is read as its archive is', async () => {
    await write(ociLayout(PLAIN))
    const outcome = await opened(folder)
    expect(outcome).toMatchObject({ format: 'oci-layout', error: undefined })
    expect(troubles(outcome)).toEqual([])
    expect(outcome.reports[0]?.layers).toHaveLength(2)
  })

  test('may have a manifest.json as well', async () => {
    await write(hybrid(PLAIN))
    expect(await opened(folder)).toMatchObject({ format: 'hybrid' })
  })

  test('does not lead out by a link', async () => {
    await write(ociLayout(PLAIN))
    await rm(join(folder, 'index.json'))
    await symlink('/etc/hostname', join(folder, 'index.json'))
    const outcome = await opened(folder)
    expect(outcome.format).not.toBe('oci-layout')
    await using files = await directoryFiles(folder)
    expect(await files.resolve('index.json')).toMatchObject({ kind: 'broken', code: 'MEMBER_LINK_ESCAPES' })
  })

  test('does not go round in circles, nor read what is no file', async () => {
    await symlink('b', join(folder, 'a'))
    await symlink('a', join(folder, 'b'))
    execFileSync('mkfifo', [join(folder, 'pipe')])
    await using files = await directoryFiles(folder)
    for (const name of ['a', 'pipe']) expect(await files.resolve(name)).toMatchObject({ code: 'MEMBER_LINK_BROKEN' })
    expect(await files.resolve('gone')).toEqual({ kind: 'missing' })
  })
})

describe('a directory that is a root filesystem', () => {
  test('is one layer, in the order of docker', async () => {
    await mkdir(join(folder, 'b'))
    for (const name of ['b/y', 'b/x', 'a', 'b.txt']) await writeFile(join(folder, name), name)
    await link(join(folder, 'a'), join(folder, 'c'))
    await symlink('a', join(folder, 'l'))
    await chmod(join(folder, 'a'), 0o4755)
    await utimes(join(folder, 'a'), 1700000000, 1700000000.5)
    await using archive = await openArchive(folder, runContext())
    const [layer] = archive.images.flatMap(({ layers }) => layers)
    if (layer === undefined) throw new Error('there is no layer')
    const tar = await collect(layer.tar(runContext()))
    const { entries, end } = decode(tar)
    expect(end).toMatchObject({ marker: 'two-zero-blocks', trailing: 0 })
    expect(entries.map(({ path, type }) => [path, type])).toEqual([
      ['a', 'file'],
      ['b/', 'directory'],
      ['b/x', 'file'],
      ['b/y', 'file'],
      ['b.txt', 'file'],
      ['c', 'hardlink'],
      ['l', 'symlink'],
    ])
    expect(entries[0]).toMatchObject({ mode: 0o4755, mtimeNs: 1_700_000_000_000_000_000n })
  })

  test('has an ID, and nothing that claims it', async () => {
    await writeFile(join(folder, 'a'), 'x')
    const outcome = await opened(folder)
    expect(outcome.reports[0]?.imageID).toMatch(/^sha256:/)
    expect(told(outcome)).toEqual(['LAYER_UNPROVED'])
  })
})

test('what is not there is not found', async () => {
  expect((await opened(join(folder, 'gone'))).error).toMatchObject({ code: 'ERR_NOT_FOUND' })
})
