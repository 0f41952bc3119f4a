import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { bytesSource } from '../../../src/bytes/source.js'
import { runContext } from '../../../src/context.js'
import { openLoadView } from '../../../src/formats/load-view.js'
import { ENGINES } from '../../../src/ops/engines/index.js'
import { predict } from '../../../src/ops/predict.js'
import {
  changed,
  configOf,
  descriptor,
  digest,
  dockerSave,
  hybrid,
  json,
  layer,
  manifestOf,
  ociLayout,
  packed,
  PLAIN,
  blob,
  type Members,
} from '../../support/archives.js'
import { sha256 } from '../../support/chunks.js'
import { symlink } from '../../support/layers.js'

/** What these engines make of it. */
async function verdicts(archive: Uint8Array, ...engines: readonly string[]) {
  const context = runContext()
  await using view = await openLoadView('-', context, { source: bytesSource(archive, 'a.tar') })
  const rules = ENGINES.filter(({ id }) => engines.includes(id))
  const all = new Map<string, string>((await predict(view, context, rules)).map((one) => [one.engine, one.verdict]))
  return engines.map((engine) => all.get(engine))
}

const [REF, MANIFEST, INDEX] = [
  'org.opencontainers.image.ref.name',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
]
const SAVED = dockerSave(PLAIN)
const savedWith = (more: object) => {
  const layers = PLAIN.layers.map((bytes) => `${sha256(bytes)}.tar`)
  const entry = { Config: `${sha256(configOf(PLAIN))}.json`, RepoTags: PLAIN.names, Layers: layers, ...more }
  return packed(changed(SAVED, { 'manifest.json': json([entry]) }))
}

describe('manifest.json', () => {
  test('is read for what each engine knows of it', async () => {
    const engines = ['docker-20', 'docker-28', 'containerd', 'skopeo-docker', 'crane']
    const [taken, refused] = ['accepted', 'refused']
    expect(await verdicts(savedWith({ Parent: 7 }), ...engines)).toEqual([refused, refused, taken, refused, taken])
    const sources = { LayerSources: { 'sha256:0': { mediaType: 5 } } }
    expect(await verdicts(savedWith(sources), ...engines)).toEqual([refused, refused, taken, refused, refused])
  })

  test('has no layers where a second key says null', async () => {
    expect(await verdicts(savedWith({ layers: null }), 'docker-28', 'skopeo-docker')).toEqual(['refused', 'refused'])
  })

  test('must be one for the containerd store though an index.json wins over it', async () => {
    const archive = packed(changed(hybrid(PLAIN), { 'manifest.json': json({}) }))
    expect(await verdicts(archive, 'containerd')).toEqual(['refused'])
  })
})

describe('a config', () => {
  const withConfig = (config: object) => packed(dockerSave({ ...PLAIN, config: { ...config } }))
  test('is read for what each engine knows of it', async () => {
    const engines = ['docker-28', 'containerd', 'crane']
    expect(await verdicts(withConfig({ Size: 1.5 }), ...engines)).toEqual(['refused', 'accepted', 'accepted'])
    const command = { config: { Entrypoint: 'sh' } }
    expect(await verdicts(withConfig(command), ...engines)).toEqual(['accepted', 'unusable', 'refused'])
    const ports = { config: { ExposedPorts: { '80/tcp': 5 } } }
    expect(await verdicts(withConfig(ports), ...engines)).toEqual(['refused', 'unusable', 'refused'])
  })
})

describe('a layer', () => {
  test('is compressed for crane if the base is', async () => {
    const [base, top] = PLAIN.layers.map((bytes) => [bytes, gzipSync(bytes)] as const)
    const diffIDs = PLAIN.layers.map(digest)
    const mixed = (at: 0 | 1) =>
      packed(dockerSave({ ...PLAIN, diffIDs, layers: [base?.[at] ?? layer('a'), top?.[1 - at] ?? layer('b')] }))
    expect(await verdicts(mixed(0), 'crane', 'docker-28')).toEqual(['refused', 'accepted'])
    expect(await verdicts(mixed(1), 'crane', 'docker-28')).toEqual(['refused', 'accepted'])
  })

  test('that is a link is refused by podman, unless an image before it had the layer', async () => {
    const [bytes = layer('a')] = PLAIN.layers
    const image = { names: ['one:1'], layers: [bytes] }
    const config = configOf(image)
    const entry = (name: string, path: string) => ({ Config: 'c.json', RepoTags: [name], Layers: [path] })
    const members = (...entries: readonly object[]): Members =>
      new Map([
        ['c.json', config],
        ['a.tar', bytes],
        ['manifest.json', json(entries)],
      ])
    const links = [symlink('b.tar', 'a.tar')]
    const [linked, both] = [entry('two:1', 'b.tar'), entry('one:1', 'a.tar')]
    expect(await verdicts(packed(members(linked), links), 'podman', 'podman-4')).toEqual(['refused', 'refused'])
    expect(await verdicts(packed(members(both, linked), links), 'podman', 'podman-4')).toEqual(['accepted', 'accepted'])
  })

  test('that an OCI media type calls plain is not uncompressed by the containerd store', async () => {
    const layers = PLAIN.layers.map((bytes) => gzipSync(bytes))
    const image = { ...PLAIN, diffIDs: PLAIN.layers.map(digest), layers }
    expect(await verdicts(packed(ociLayout(image)), 'containerd', 'skopeo-oci')).toEqual(['unusable', 'accepted'])
    const typed = { ...image, mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' }
    expect(await verdicts(packed(ociLayout(typed)), 'containerd')).toEqual(['accepted'])
  })
})

describe('an archive whose compression is cut', () => {
  test('behind the end of the tar is taken by those who do not read on', async () => {
    const archive = gzipSync(packed(hybrid(PLAIN))).subarray(0, -8)
    const engines = ['docker-20', 'docker-26', 'docker-28', 'containerd', 'skopeo-oci']
    expect(await verdicts(archive, ...engines)).toEqual(['refused', ...Array<string>(4).fill('accepted')])
  })
})

/** The layout with what a descriptor in its index says otherwise. */
function indexed(more: object, members: Members = ociLayout(PLAIN)): Uint8Array {
  const target = { ...descriptor(MANIFEST, manifestOf(PLAIN)), annotations: { [REF]: 'one' }, ...more }
  return packed(changed(members, { 'index.json': json({ schemaVersion: 2, manifests: [target] }) }))
}

/** The layout with another index between, that lists the manifest so. */
function nested(more: object, fields: object = {}): Uint8Array {
  const child = { ...descriptor(MANIFEST, manifestOf(PLAIN)), ...more }
  const index = json({ schemaVersion: 2, mediaType: INDEX, manifests: [child], ...fields })
  return indexed(descriptor(INDEX, index), changed(ociLayout(PLAIN), { [blob(index)]: index }))
}

describe('an index.json', () => {
  const engines = ['containerd', 'skopeo-oci', 'podman', 'umoci']
  test.each([
    ['a size of none', { size: 0 }, ['refused', 'accepted', 'accepted', 'refused']],
    ['a type that nobody knows', { mediaType: 'application/x' }, ['unusable', 'refused', 'refused', 'refused']],
    ['no type', { mediaType: '' }, ['refused', 'accepted', 'accepted', 'refused']],
    ['no base64 in a descriptor', { data: '!!' }, ['refused', 'refused', 'refused', 'refused']],
    ['a digest that is none', { digest: 'sha256:zz' }, ['refused', 'refused', 'refused', 'refused']],
    ['a name with a slash', { annotations: { [REF]: 'a/b' } }, ['accepted', 'accepted', 'accepted', 'accepted']],
  ])('with %s', async (_, more, expected) => {
    expect(await verdicts(indexed(more), ...engines)).toEqual(expected)
  })

  test('that leads to another one is followed to a manifest for any platform by the containerd store', async () => {
    const platform = (architecture: string, variant?: string) => ({
      platform: { os: 'linux', architecture, ...(variant !== undefined && { variant }) },
    })
    const both = async (more: object) => verdicts(nested(more), 'containerd', 'skopeo-oci')
    expect(await both(platform('amd64'))).toEqual(['accepted', 'accepted'])
    expect(await both(platform('arm64'))).toEqual(['accepted', 'refused'])
    expect(await both(platform('amd64', 'v2'))).toEqual(['accepted', 'refused'])
    expect(await both({ digest: digest(json('gone')) })).toEqual(['unusable', 'refused'])
  })

  test('must lead to what it says: an index is no manifest', async () => {
    expect(await verdicts(nested({}, { layers: [] }), 'containerd')).toEqual(['refused'])
    expect(await verdicts(indexed({ mediaType: INDEX }), 'containerd')).toEqual(['refused'])
  })

  test('that leads to itself over and over is gone through once', { timeout: 5000 }, async () => {
    let members = ociLayout(PLAIN)
    let child = descriptor(MANIFEST, manifestOf(PLAIN))
    for (let depth = 0; depth < 12; depth++) {
      const index = json({ schemaVersion: 2, mediaType: INDEX, manifests: Array(20).fill(child) })
      members = changed(members, { [blob(index)]: index })
      child = descriptor(INDEX, index)
    }
    expect(await verdicts(indexed(child, members), 'containerd', 'umoci')).toEqual(['accepted', 'refused'])
  })
})

describe('a member that leads out', () => {
  test('is refused where the extraction is in no chroot', async () => {
    const archive = packed(new Map([...ociLayout(PLAIN), ['../../x', json(1)]]))
    expect(await verdicts(archive, 'skopeo-oci', 'podman', 'containerd')).toEqual(['refused', 'refused', 'accepted'])
  })
})

describe('umoci', () => {
  test('panics where the history tells of more layers than there are', async () => {
    const steps = PLAIN.layers.map(() => ({}))
    const withHistory = (history: readonly object[]) => {
      const image = { ...PLAIN, config: { history } }
      return indexed(descriptor(MANIFEST, manifestOf(image)), ociLayout(image))
    }
    expect(await verdicts(withHistory(steps), 'umoci')).toEqual(['accepted'])
    expect(await verdicts(withHistory([...steps, {}]), 'umoci')).toEqual(['refused'])
    expect(await verdicts(withHistory([...steps, { empty_layer: true }]), 'umoci')).toEqual(['accepted'])
  })
})
