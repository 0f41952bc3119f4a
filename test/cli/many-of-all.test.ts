import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { digest, dockerSave, packed } from '../support/archives.js'
import { concatenated } from '../support/chunks.js'
import { testFolder } from '../support/folder.js'
import { layerTar } from '../support/layers.js'
import { member, pax, tarOf } from '../support/tar-blocks.js'
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
  const inspected = await run(['inspect', 'names.tar'], { cwd: at() })
  expect([inspected.exitCode, inspected.stderr]).toEqual([0, ''])
})

test('an index below the index of a layout may name ever so many', { timeout: 60_000 }, async () => {
  const INDEX = 'application/vnd.oci.image.index.v1+json'
  const inner = Buffer.from(`{"schemaVersion":2,"manifests":[${Array.from({ length: MANY }, () => '{}').join()}]}`)
  const annotations = { 'org.opencontainers.image.ref.name': 'a' }
  const entry = { mediaType: INDEX, digest: digest(inner), size: inner.length, annotations }
  const layout = tarOf(
    member({ name: 'oci-layout' }, '{"imageLayoutVersion":"1.0.0"}'),
    member({ name: 'index.json' }, JSON.stringify({ schemaVersion: 2, manifests: [entry] })),
    member({ name: `blobs/sha256/${digest(inner).slice(7)}` }, inner.toString()),
  )
  writeFileSync(at('index.tar'), layout)
  const { exitCode, stdout } = await run(['verify', 'index.tar', '--for', 'all', '-q'], { cwd: at() })
  expect([exitCode, stdout]).toEqual([1, ''])
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
