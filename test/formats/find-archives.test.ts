import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, expect, test } from 'vitest'
import { runContext } from '../../src/context.js'
import { findArchives } from '../../src/formats/find-archives.js'
import { dockerSave, packed, PLAIN } from '../support/archives.js'
import { testFolder } from '../support/folder.js'

const archive = packed(dockerSave(PLAIN))
const at = testFolder()
beforeAll(async () => {
  await mkdir(at('b/deep'), { recursive: true })
  await mkdir(at('layout'))
  await writeFile(at('layout/oci-layout'), '{}')
  await writeFile(at('layout/inner.tar'), archive)
  await writeFile(at('b/deep/nightly'), archive)
  await writeFile(at('b/packed.bin'), gzipSync(archive))
  await writeFile(at('a.tar'), 'cut to nothing')
  await writeFile(at('notes.txt'), 'no archive')
  await writeFile(at('log.gz'), gzipSync('no archive'))
  await writeFile(at('broken.gz'), gzipSync(archive).subarray(0, 12))
  await writeFile(at('empty'), '')
  await symlink('..', at('b/up'))
  await symlink('b/deep/nightly', at('latest'))
  await symlink('nowhere', at('dangling'))
})

test('finds tars by their bytes, compressed or not, layouts, and what claims to be an archive by its name', async () => {
  const found = await findArchives(at(), runContext())
  expect(found?.map((path) => relative(at(), path))).toEqual([
    'a.tar',
    'b/deep/nightly',
    'b/packed.bin',
    'latest',
    'layout',
  ])
})

test('looks into no file, no layout, and nothing that is not there', async () => {
  for (const path of ['a.tar', 'layout', 'missing']) {
    expect(await findArchives(at(path), runContext())).toBeUndefined()
  }
})

test('stops when it is interrupted', async () => {
  await expect(findArchives(at(), runContext({ signal: AbortSignal.abort() }))).rejects.toThrow()
})
