import { expect, test } from 'vitest'
import { bytesSource } from '../../../src/bytes/source.js'
import { missingLayer } from '../../../src/formats/layers.js'
import type { ImageArchive } from '../../../src/model/image.js'
import { imageConfig } from '../../../src/model/config.js'
import { parseJson } from '../../../src/model/json.js'
import type { LooseMember } from '../../../src/model/loose-member.js'
import { wantedImages } from '../../../src/ops/salvage/wanted.js'
import { configOf, PLAIN } from '../../support/archives.js'

const MANY = 20_000
const document = parseJson(configOf(PLAIN), imageConfig, 'config.json')
const path = `${document.digest.slice('sha256:'.length)}.json`
const member: LooseMember = {
  path,
  state: 'whole',
  source: bytesSource(document.bytes, path),
  layer: (index, claims) => missingLayer(index, path, claims, 'app.tar'),
}
const items = Array.from({ length: MANY }, (_, at) => ({ Config: path, RepoTags: [`a:${at}`], Layers: [] }))

function sharing(count: number): ImageArchive {
  const image = (at: number) => ({
    names: [`b:${at}`],
    platform: { os: 'linux', architecture: 'amd64' },
    config: document.value,
    configSource: { kind: 'stored' as const, document, path },
    manifest: undefined,
    layers: [],
    attachments: [],
    path,
  })
  return {
    location: 'copy.tar',
    format: 'docker-save',
    images: Array.from({ length: count }, (_, at) => image(at)),
    findings: [],
    loose: [],
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

test('any number of images with one config come as one with all their names, before long', () => {
  const documents = { configs: [{ document, member }], manifests: [], indexes: [], items }
  const [image, ...others] = wantedImages(documents, [sharing(MANY)])
  expect(image?.names).toHaveLength(MANY)
  expect(image?.config?.origin).toEqual({ kind: 'own', path })
  expect(others).toEqual([])
})

test('a config that is lost comes from another archive, with the names that are known there', () => {
  const lost = { configs: [], manifests: [], indexes: [], items: [{ Config: path, Layers: [] }] }
  const [image] = wantedImages(lost, [sharing(2)])
  expect(image?.config?.origin).toEqual({ kind: 'healed', archive: 'copy.tar' })
  expect(image?.names).toEqual(['b:0', 'b:1'])
})
