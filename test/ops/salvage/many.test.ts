import { expect, test } from 'vitest'
import { bytesSource } from '../../../src/bytes/source.js'
import { runContext } from '../../../src/context.js'
import { missingLayer } from '../../../src/formats/layers.js'
import type { Image, ImageArchive } from '../../../src/model/image.js'
import { imageConfig } from '../../../src/model/config.js'
import { parseJson } from '../../../src/model/json.js'
import type { LooseMember } from '../../../src/model/loose-member.js'
import { salvage } from '../../../src/ops/salvage/index.js'
import { layerPool } from '../../../src/ops/salvage/pool.js'
import { configOf } from '../../support/archives.js'

const member = (path: string, bytes: Uint8Array): LooseMember => ({
  path,
  state: 'whole',
  source: bytesSource(bytes, path),
  layer: (index, claims) => missingLayer(index, path, claims, 'app.tar'),
})

test('a layer is found by its name without going through all there are', { timeout: 60_000 }, async () => {
  const names = Array.from({ length: 12_000 }, (_, at) => `./${String(at)}/layer.tar`)
  const members = names.map((name) => member(name, Uint8Array.of(0)))
  const nothing = { configs: [], manifests: [], indexes: [], items: [] }
  const pool = await layerPool(members, nothing, runContext())
  const start = performance.now()
  for (const name of names) expect(pool.named(name.slice(2))?.member.path === name).toBe(true)
  expect(performance.now() - start).toBeLessThan(1500)
})

test('other archives are gone through once, however many layers are lost', async () => {
  const layers = Array.from({ length: 50 }, (_, at) => Uint8Array.of(at))
  const config = configOf({ names: [], layers })
  let looks = 0
  const document = parseJson(config, imageConfig, 'config.json')
  const image: Image = {
    names: ['app:1'],
    platform: { os: 'linux', architecture: 'amd64' },
    config: document.value,
    configSource: { kind: 'absent', path: 'config.json' },
    manifest: undefined,
    get layers() {
      looks += 1
      return []
    },
    attachments: [],
    path: 'manifest.json',
  }
  const copy: ImageArchive = {
    location: 'copy.tar',
    format: 'docker-save',
    images: [image],
    findings: [],
    loose: [],
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  const broken = {
    location: 'app.tar',
    members: [member('config.json', config)],
    findings: [],
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  const { images } = await salvage(broken, { sources: [copy], opened: undefined }, runContext())
  expect(images.map((one) => one.layers.map(({ state }) => state))).toEqual([layers.map(() => 'missing')])
  expect(looks).toBe(1)
})
