import { execFileSync } from 'node:child_process'
import { chmod, link, mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runContext } from '../../src/context.js'
import { directoryFiles } from '../../src/formats/directory-files.js'
import { openArchive } from '../../src/formats/index.js'
import { hybrid, ociLayout, PLAIN, type Members } from '../support/archives.js'
import { collect } from '../support/chunks.js'
import { freshFolder } from '../support/folder.js'
import { opened, told, troubles } from '../support/opened.js'
import { decode } from '../support/tar-blocks.js'

const at = freshFolder()

async function write(members: Members): Promise<void> {
  for (const [path, bytes] of members) {
    await mkdir(dirname(at(path)), { recursive: true })
    await writeFile(at(path), bytes)
  }
}

describe('a layout that is a directory', () => {
  test('is read as its archive is', async () => {
    await write(ociLayout(PLAIN))
    const outcome = await opened(at())
    expect(outcome).toMatchObject({ format: 'oci-layout', error: undefined })
    expect(troubles(outcome)).toEqual([])
    expect(outcome.reports[0]?.layers).toHaveLength(2)
  })

  test('may have a manifest.json as well', async () => {
    await write(hybrid(PLAIN))
    expect(await opened(at())).toMatchObject({ format: 'hybrid' })
  })

  test('does not lead out by a link', async () => {
    await write(ociLayout(PLAIN))
    await rm(at('index.json'))
    await symlink('/etc/hostname', at('index.json'))
    const outcome = await opened(at())
    expect(outcome.format).not.toBe('oci-layout')
    await using files = await directoryFiles(at())
    expect(await files.resolve('index.json')).toMatchObject({ kind: 'broken', code: 'MEMBER_LINK_ESCAPES' })
  })

  test('does not go round in circles, nor read what is no file', async () => {
    await symlink('b', at('a'))
    await symlink('a', at('b'))
    execFileSync('mkfifo', [at('pipe')])
    await using files = await directoryFiles(at())
    for (const name of ['a', 'pipe']) expect(await files.resolve(name)).toMatchObject({ code: 'MEMBER_LINK_BROKEN' })
    expect(await files.resolve('gone')).toEqual({ kind: 'missing' })
  })
})

describe('a directory that is a root filesystem', () => {
  test('is one layer, in the order of docker', async () => {
    await mkdir(at('b'))
    for (const name of ['b/y', 'b/x', 'a', 'b.txt']) await writeFile(at(name), name)
    await link(at('a'), at('c'))
    await symlink('a', at('l'))
    await chmod(at('a'), 0o4755)
    await utimes(at('a'), 1700000000, 1700000000.5)
    await using archive = await openArchive(at(), runContext())
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
    await writeFile(at('a'), 'x')
    const outcome = await opened(at())
    expect(outcome.reports[0]?.imageID).toMatch(/^sha256:/)
    expect(told(outcome)).toEqual(['LAYER_UNPROVED'])
  })
})

test('what is not there is not found', async () => {
  expect((await opened(at('gone'))).error).toMatchObject({ code: 'ERR_NOT_FOUND' })
})
