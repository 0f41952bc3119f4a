import { writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { runContext } from '../../src/context.js'
import { openArchive } from '../../src/formats/index.js'
import { json, layer, packed } from '../support/archives.js'
import { testFolder } from '../support/folder.js'

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

test.each([
  ['CONFIG_INVALID', '{"os": 1'],
  ['JSON_DUPLICATE_KEY', '{"os": "linux", "os": "linux"}'],
])('%s of a config is told for each image that names it', async (code, text) => {
  const { findings } = await opened(new TextEncoder().encode(text))
  expect(findings.filter((finding) => finding.code === code)).toHaveLength(2)
})
