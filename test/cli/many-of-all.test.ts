import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { dockerSave, packed } from '../support/archives.js'
import { concatenated } from '../support/chunks.js'
import { testFolder } from '../support/folder.js'
import { layerTar } from '../support/layers.js'
import { pax } from '../support/tar-blocks.js'
import { run } from './run.js'

// More than fit on a stack as arguments of one call.
const MANY = 150_000

const at = testFolder()

const image = (names: readonly string[], path: string, content = '') =>
  packed(dockerSave({ names, layers: [layerTar([{ path, content }])] }))

test('an image may have ever so many names', { timeout: 60_000 }, async () => {
  writeFileSync(
    at('names.tar'),
    image(
      Array.from({ length: MANY }, (_, at) => `a${at}:1`),
      'file',
    ),
  )
  const { exitCode, stdout } = await run(['images', 'names.tar'], { cwd: at() })
  expect(exitCode).toBe(0)
  expect(stdout.split('\n').length).toBeGreaterThan(MANY)
})

test('a database of packages may tell of ever so many', { timeout: 60_000 }, async () => {
  const status = (version: number) =>
    Array.from({ length: MANY }, (_, at) => `Package: p${at}\nStatus: install ok installed\nVersion: ${version}\n`)
  for (const version of [1, 2]) {
    writeFileSync(at(`${version}.tar`), image(['a:1'], 'var/lib/dpkg/status', status(version).join('\n')))
  }
  const { exitCode, stderr } = await run(['diff', '1.tar', '2.tar'], { cwd: at() })
  expect([exitCode, stderr]).toEqual([1, ''])
})

test('the headers before a layer may be ever so long, and come back', async () => {
  const save = image(['a:1'], 'file')
  writeFileSync(at('long.tar'), concatenated(pax([['comment', 'x'.repeat(300_000)]]), save))
  expect(await run(['thin', 'long.tar', '--base', 'long.tar', '-o', 'thin.tar'], { cwd: at() })).toMatchObject({
    exitCode: 0,
  })
})
