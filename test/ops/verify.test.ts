import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { Finding } from '../../src/findings.js'
import { findingLog } from '../../src/model/finding-log.js'
import type { Layer, LooseBlob } from '../../src/model/image.js'
import { verifyLayers } from '../../src/ops/verify-layers.js'
import {
  blob,
  changed,
  descriptor,
  digest,
  dockerSave,
  json,
  layer,
  manifestOf,
  ociLayout,
  packed,
  PLAIN,
  type ImageFixture,
  type Members,
} from '../support/archives.js'
import { openedBytes, told } from '../support/opened.js'

const [base = layer('a'), top = layer('b')] = PLAIN.layers

async function found(members: Members): Promise<readonly Finding[]> {
  const file = await openedBytes('file', packed(members))
  const pipe = await openedBytes('pipe', packed(members))
  expect(told(pipe)).toEqual(told(file))
  return file.findings
}
const codes = async (members: Members) => (await found(members)).map(({ code }) => code)
const saved = (parts: Partial<ImageFixture>) => dockerSave({ ...PLAIN, ...parts })

describe('the config', () => {
  test.each<readonly [string, Record<string, unknown>, readonly string[]]>([
    ['without rootfs', { rootfs: undefined }, ['CONFIG_INVALID']],
    [
      'with another type of rootfs',
      { rootfs: { type: 'layer', diff_ids: [digest(base), digest(top)] } },
      ['ROOTFS_TYPE'],
    ],
    ['with a diffID too few', { rootfs: { type: 'layers', diff_ids: [digest(base)] } }, ['LAYER_COUNT_MISMATCH']],
    ['with diffIDs that are none', { rootfs: { type: 'layers', diff_ids: ['x', digest(top)] } }, ['DIGEST_INVALID']],
    ['with more history than layers', { history: [{}, {}, {}] }, ['HISTORY_MISMATCH']],
    ['with less history than layers', { history: [{}] }, ['HISTORY_SHORT']],
    ['with empty steps', { history: [{}, { empty_layer: true }, {}] }, []],
    ['without history', { history: undefined }, []],
    ['with a time that is none', { created: 'yesterday' }, ['CONFIG_CREATED_INVALID']],
    ['with a time in the history that is none', { history: [{ created: '2023' }, {}] }, ['CONFIG_CREATED_INVALID']],
  ])('%s', async (_, config, expected) => {
    expect(await codes(saved({ config }))).toEqual(expected)
  })

  test('is a finding at its own place', async () => {
    const [finding] = await found(saved({ config: { created: 'yesterday' } }))
    expect(finding).toMatchObject({
      actual: 'yesterday',
      where: { path: expect.stringMatching(/\.json$/) as string, offset: 512 },
    })
  })
})

describe('layers', () => {
  test('in the wrong order are told as that', async () => {
    const swapped = await found(saved({ diffIDs: [digest(top), digest(base)] }))
    expect(swapped.map(({ code }) => code)).toEqual(['DIFFID_MISMATCH', 'DIFFID_MISMATCH'])
    expect(swapped[0]?.message).toContain('it is the one of layer 1, the layers are in the wrong order')
  })

  test('are each looked at as often, however many are wrong', async () => {
    const layers = Array.from({ length: 40 }, () => base)
    const { images } = await openedBytes('pipe', packed(saved({ layers, diffIDs: layers.map(() => digest(top)) })))
    let looks = 0
    const measurements = {
      of({ measurement }: Layer | LooseBlob) {
        looks += 1
        return measurement
      },
    }
    const log = findingLog('app.tar')
    for (const image of images) verifyLayers(image, measurements, log, new Set())
    expect([log.findings.length, looks]).toEqual([40, 80])
  })

  test('of two images that share one are told once, but what each claims for it is checked', async () => {
    const broken = layer('x').subarray(0, 512)
    const images = [
      { names: ['a:1'], layers: [broken] },
      { names: ['b:1'], layers: [broken, base], diffIDs: [digest(top), digest(base)] },
    ]
    expect(await codes(dockerSave(...images))).toEqual(['LAYER_TAR', 'DIFFID_MISMATCH'])
  })

  test('that a second manifest describes wrongly are told', async () => {
    const good = ociLayout({ names: ['a:1'], layers: [base] })
    const text = new TextDecoder().decode(manifestOf({ names: [], layers: [base] }))
    const lying = new TextEncoder().encode(
      text.replace(`"size":${base.length}`, '"size":7').replace('layer.v1.tar', 'layer.v1.tar+gzip'),
    )
    const pointers = [manifestOf({ names: [], layers: [base] }), lying].map((bytes) =>
      descriptor('application/vnd.oci.image.manifest.v1+json', bytes),
    )
    const members = changed(good, {
      [blob(lying)]: lying,
      'index.json': json({ schemaVersion: 2, manifests: pointers }),
    })
    expect((await codes(members)).sort()).toEqual(['MEDIA_TYPE_MISMATCH', 'SIZE_MISMATCH'])
  })

  test('may be compressed under any name, and are labelled wrongly when the media type says otherwise', async () => {
    const zipped = new Uint8Array(gzipSync(base))
    const image = { names: ['a:1'], layers: [zipped], diffIDs: [digest(base)] }
    expect(await codes(dockerSave(image))).toEqual([])
    expect(await codes(ociLayout(image))).toEqual(['MEDIA_TYPE_MISMATCH'])
    expect(await codes(ociLayout({ ...image, mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' }))).toEqual([])
    expect(await codes(ociLayout({ ...image, mediaType: 'application/example' }))).toEqual(['MEDIA_TYPE_UNKNOWN'])
  })

  test('whose name claims another hash are told', async () => {
    const members = saved({})
    const renamed = changed(members, { [`${digest(base).slice(7)}.tar`]: top })
    expect(await codes(renamed)).toEqual(expect.arrayContaining(['DIFFID_MISMATCH', 'LAYER_NAME_MISMATCH']))
  })

  test('that are all missing are all told', async () => {
    const members = new Map([...saved({})].filter(([path]) => !path.endsWith('.tar')))
    expect(await codes(members)).toEqual(['LAYER_MISSING', 'LAYER_MISSING'])
  })

  test('are too many above 125', async () => {
    const layers = Array.from({ length: 126 }, () => base)
    expect(await codes(saved({ layers }))).toEqual(['LAYER_DEPTH'])
    expect(await codes(saved({ layers: layers.slice(1) }))).toEqual([])
  })
})

describe('blobs outside of images', () => {
  const orphan = new TextEncoder().encode('{"waste":true}')

  test('are told, and proved by their paths', async () => {
    const members = ociLayout(PLAIN)
    expect(await codes(changed(members, { [blob(orphan)]: orphan }))).toEqual(['BLOB_ORPHAN'])
    const wrong = changed(members, { [blob(base)]: base, [`blobs/sha256/${'0'.repeat(64)}`]: orphan })
    expect(await codes(wrong)).toEqual(['BLOB_ORPHAN', 'BLOB_DIGEST_MISMATCH'])
  })

  test('of artifacts are proved by their descriptors', async () => {
    const artifact = json({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      artifactType: 'application/example',
      config: descriptor('application/vnd.oci.empty.v1+json', json({})),
      layers: [{ ...descriptor('application/example', orphan), size: 3 }],
    })
    const members = changed(ociLayout(PLAIN), {
      [blob(artifact)]: artifact,
      [blob(json({}))]: json({}),
      [blob(orphan)]: orphan,
      'index.json': json({
        schemaVersion: 2,
        manifests: [artifact, manifestOf(PLAIN)].map((bytes) =>
          descriptor('application/vnd.oci.image.manifest.v1+json', bytes),
        ),
      }),
    })
    expect(await codes(members)).toEqual(['ARTIFACT', 'SIZE_MISMATCH'])
  })
})

describe('names', () => {
  test.each(['App:1', 'app', 'app:', ':1', 'app:1@sha256:x', '../app:1'])('%j is told', async (name) => {
    expect(await codes(saved({ names: [name] }))).toEqual(['TAG_INVALID'])
  })

  test('that two images claim are told', async () => {
    const other = { names: ['app:1'], layers: [base] }
    expect(await codes(dockerSave(PLAIN, other))).toEqual(['TAG_DUPLICATE'])
    expect(await codes(ociLayout(PLAIN, other))).toContain('TAG_DUPLICATE')
  })

  test.each([
    ['../x', ['TAG_INVALID']],
    ['latest', []],
    ['v1.0_rc-1', []],
    ['example.com/a/b:1', []],
    ['has space', ['TAG_INVALID']],
  ])('of an index, %j', async (ref, expected) => {
    const manifest = descriptor('application/vnd.oci.image.manifest.v1+json', manifestOf(PLAIN))
    const named = { ...manifest, annotations: { 'org.opencontainers.image.ref.name': ref } }
    const members = changed(ociLayout(PLAIN), { 'index.json': json({ schemaVersion: 2, manifests: [named] }) })
    expect(await codes(members)).toEqual(expected)
  })
})
