import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runContext } from '../../src/context.js'
import { findArchives } from '../../src/formats/find-archives.js'
import { dockerSave, packed, PLAIN } from '../support/archives.js'

const archive = packed(dockerSave(PLAIN))
let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imgtar-find-'))
  await mkdir(join(folder, 'b/deep'), { recursive: true })
  await mkdir(join(folder, 'layout'))
  await writeFile(join(folder, 'layout/oci-layout'), '{}')
  await writeFile(join(folder, 'layout/inner.tar'), archive)
  await writeFile(join(folder, 'b/deep/nightly'), archive)
  await writeFile(join(folder, 'b/packed.bin'), gzipSync(archive))
  await writeFile(join(folder, 'a.tar'), 'cut to nothing')
  await writeFile(join(folder, 'notes.txt'), 'no archive')
  await writeFile(join(folder, 'log.gz'), gzipSync('no archive'))
  await writeFile(join(folder, 'broken.gz'), gzipSync(archive).subarray(0, 12))
  await writeFile(join(folder, 'empty'), '')
  await symlink('..', join(folder, 'b/up'))
  await symlink('b/deep/nightly', join(folder, 'latest'))
  await symlink('nowhere', join(folder, 'dangling'))
})
afterAll(() => rm(folder, { recursive: true }))

test('finds tars by their bytes, compressed or not, layouts, and what claims to be an archive by its name', async () => {
  const found = await findArchives(folder, runContext())
  expect(found?.map((path) => relative(folder, path))).toEqual([
    'a.tar',
    'b/deep/nightly',
    'b/packed.bin',
    'latest',
    'layout',
  ])
})

test('looks into no file, no layout, and nothing that is not there', async () => {
  for (const path of ['a.tar', 'layout', 'missing']) {
    expect(await findArchives(join(folder, path), runContext())).toBeUndefined()
  }
})

test('stops when it is interrupted', async () => {
  await expect(findArchives(folder, runContext({ signal: AbortSignal.abort() }))).rejects.toThrow()
})
