import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { digestOf } from '../../src/bytes/digest.js'
import { runContext } from '../../src/context.js'
import { openArchive } from '../../src/formats/index.js'
import { json, layer, packed } from '../support/archives.js'
import { containerdRoot } from '../support/containerd-root.js'
import { testFolder } from '../support/folder.js'
import { openRoot } from '../support/root-contents.js'

const at = testFolder()

async function opened(config: Uint8Array) {
  const item = (name: string) => ({ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] })
  const members = { 'config.json': config, 'layer.tar': layer('a'), 'manifest.json': json(['a:1', 'b:1'].map(item)) }
  const path = at('app.tar')
  await writeFile(path, packed(new Map(Object.entries(members))))
  await using archive = await openArchive(path, runContext())
  return archive
}

test('images that name one config share what was read of it', async () => {
  const { images } = await opened(
    json({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [] } }),
  )
  const [first, second] = images.map(({ configSource }) => configSource.kind === 'stored' && configSource.document)
  expect(first).toBeTruthy()
  expect(second).toBe(first)
})

test('so do images of a store of containerd, also where its names are lost', async () => {
  using root = containerdRoot()
  const manifest = readFileSync(root.blob(root.image('app:1', layer('a'))), 'utf8')
  const other = new TextEncoder().encode(manifest.replace('{', '{"annotations":{"a":"b"},'))
  writeFileSync(root.blob(digestOf(other)), other)
  root.finish()
  rmSync(join(root.path, root.home, 'io.containerd.metadata.v1.bolt/meta.db'))
  await using archive = await openRoot(root.path)
  const configs = archive.images.map(({ configSource }) => configSource.kind === 'stored' && configSource.document)
  expect([configs.length, new Set(configs).size]).toEqual([2, 1])
  expect(configs[0]).toBeTruthy()
})

test.each([
  ['CONFIG_INVALID', '{"os": 1'],
  ['JSON_DUPLICATE_KEY', '{"os": "linux", "os": "linux"}'],
])('%s of a config is told for each image that names it', async (code, text) => {
  const { findings } = await opened(new TextEncoder().encode(text))
  expect(findings.filter((finding) => finding.code === code)).toHaveLength(2)
})
