import { expect, test } from 'vitest'
import { blob, changed, descriptor, digest, dockerSave, json, ociLayout, PLAIN } from '../support/archives.js'
import { told } from '../support/opened.js'
import { attacked } from './support.js'

const encoder = new TextEncoder()
const SAVED = dockerSave(PLAIN)
const LAYOUT = ociLayout(PLAIN)
const INDEX = 'application/vnd.oci.image.index.v1+json'

test.each([
  ['is nested too deep', '['.repeat(200_000)],
  ['is nested too deep and closed', '['.repeat(100_000) + ']'.repeat(100_000)],
  ['is empty', ''],
  ['ends in a string', '[{"Config":"a'],
  ['begins with a byte order mark', '\uFEFF[]'],
  ['is a list of nulls', '[null]'],
  ['has the wrong types', '[{"Config":1,"Layers":{}}]'],
])('a manifest.json that %s is refused with its place', async (_, text) => {
  const members = changed(SAVED, { 'manifest.json': encoder.encode(text) })
  for (const { error } of await attacked({ members })) {
    expect(error?.code).toMatch(/^ERR_(?:JSON|DOCUMENT)$/)
    expect(error?.location).toContain('manifest.json')
    expect(error?.offset).toBeTypeOf('number')
  }
})

test.each(['null', '[]'])('a manifest.json of %s, which old engines take, holds no image', async (text) => {
  const members = changed(SAVED, { 'manifest.json': encoder.encode(text) })
  for (const outcome of await attacked({ members })) expect(told(outcome)).toEqual(['IMAGE_NONE'])
})

test('a document over the limit is refused, and the option that raises it is named', async () => {
  const members = changed(SAVED, { 'manifest.json': encoder.encode(`[${' '.repeat(3000)}]`) })
  for (const { error } of await attacked({ members, limits: { json: 2000 } })) {
    expect(error).toMatchObject({ code: 'ERR_LIMIT', hint: expect.stringContaining('--limit-json') as string })
  }
})

test('a key that stands twice is told, and the last counts', async () => {
  const text = new TextDecoder().decode(SAVED.get('manifest.json')).replace('[{', '[{"Config":"evil.json",')
  for (const { findings, reports } of await attacked({
    members: changed(SAVED, { 'manifest.json': encoder.encode(text) }),
  })) {
    expect(findings.map(({ code }) => code)).toEqual(['JSON_DUPLICATE_KEY'])
    expect(reports[0]?.imageID).toBeDefined()
  }
})

test.each(['sha256:../../../../etc/passwd', 'sha256:', '../x', 'sha256:ABC', `sha256:${'A'.repeat(64)}`])(
  'a digest like %s is never a path',
  async (text) => {
    const index = json({ schemaVersion: 2, manifests: [{ mediaType: INDEX, digest: text, size: 2 }] })
    for (const outcome of await attacked({ members: changed(LAYOUT, { 'index.json': index }) })) {
      expect(told(outcome)).toContain('DIGEST_INVALID')
    }
  },
)

test('indexes that name the next one many times are not walked without end', async () => {
  let members = LAYOUT
  let inner = json({ schemaVersion: 2, mediaType: INDEX, manifests: [] })
  for (let level = 0; level < 6; level++) {
    members = changed(members, { [blob(inner)]: inner })
    inner = json({
      schemaVersion: 2,
      mediaType: INDEX,
      manifests: Array.from({ length: 100 }, () => descriptor(INDEX, inner)),
    })
  }
  for (const outcome of await attacked({ members: changed(members, { 'index.json': inner }) })) {
    expect(told(outcome)).toContain('LIMIT_REACHED')
  }
})

test('an index that lies about its digest to lead to itself ends', async () => {
  const fake = `sha256:${'0'.repeat(64)}`
  const loop = json({ schemaVersion: 2, mediaType: INDEX, manifests: [{ mediaType: INDEX, digest: fake, size: 1 }] })
  const members = changed(LAYOUT, { 'index.json': loop, [`blobs/sha256/${'0'.repeat(64)}`]: loop })
  for (const outcome of await attacked({ members })) {
    expect(told(outcome)).toEqual(expect.arrayContaining(['BLOB_DIGEST_MISMATCH', 'MANIFEST_INVALID']))
  }
})

test('a document that is manifest and index at once is told', async () => {
  const [base = new Uint8Array(0)] = PLAIN.layers
  const both = json({
    schemaVersion: 2,
    manifests: [],
    config: descriptor('application/vnd.oci.image.config.v1+json', base),
    layers: [],
  })
  const index = json({ schemaVersion: 2, manifests: [descriptor('application/vnd.oci.image.manifest.v1+json', both)] })
  const members = changed(LAYOUT, { 'index.json': index, [blob(both)]: both })
  for (const outcome of await attacked({ members })) expect(told(outcome)).toContain('MANIFEST_MEDIA_TYPE')
})

test('a size that is not the size of the blob is told', async () => {
  for (const size of [0, 3, 2 ** 53]) {
    const manifest = {
      ...descriptor('application/vnd.oci.image.manifest.v1+json', LAYOUT.get('oci-layout') ?? json({})),
      size,
    }
    const members = changed(LAYOUT, {
      'index.json': json({ schemaVersion: 2, manifests: [manifest] }),
      [blob(LAYOUT.get('oci-layout') ?? json({}))]: LAYOUT.get('oci-layout'),
    })
    for (const outcome of await attacked({ members })) expect(told(outcome)).toContain('SIZE_MISMATCH')
  }
})

test('data inlined in a descriptor must be the blob', async () => {
  const index: unknown = JSON.parse(new TextDecoder().decode(LAYOUT.get('index.json')))
  const text = JSON.stringify(index).replace('"digest"', `"data":"${btoa('{}')}","digest"`)
  for (const outcome of await attacked({ members: changed(LAYOUT, { 'index.json': encoder.encode(text) }) })) {
    expect(told(outcome)).toContain('DESCRIPTOR_DATA_MISMATCH')
  }
})

test('manifest.json and index.json that name different images are told', async () => {
  const other = ociLayout({ ...PLAIN, config: { author: 'evil' } })
  const both = new Map([...other, ...dockerSave(PLAIN)])
  for (const { findings } of await attacked({ members: both })) {
    const split = findings.find(({ code }) => code === 'INDEX_MISMATCH')
    expect(split).toMatchObject({
      where: { path: 'index.json' },
      expected: digestOfConfig(SAVED),
      actual: digestOfConfig(other),
    })
  }
})

function digestOfConfig(members: ReadonlyMap<string, Uint8Array>): string {
  const config = [...members.values()].find((bytes) => new TextDecoder().decode(bytes).startsWith('{"architecture"'))
  return digest(config ?? new Uint8Array(0))
}
