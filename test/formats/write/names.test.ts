import { writeFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { runContext } from '../../../src/context.js'
import { openArchive } from '../../../src/formats/index.js'
import type { WriteTarget } from '../../../src/formats/write/index.js'
import { companionsFor } from '../../../src/ops/companions.js'
import { lossesOf } from '../../../src/ops/losses.js'
import { prepareImages } from '../../../src/ops/prepare.js'
import { verify } from '../../../src/ops/verify.js'
import { latin1 } from '../../../src/tar/path.js'
import {
  blob,
  changed,
  configOf,
  descriptor,
  digest,
  json,
  manifestOf,
  ociLayout,
  packed,
  PLAIN,
  type ImageFixture,
  type Members,
} from '../../support/archives.js'
import { freshFolder } from '../../support/folder.js'
import { saved } from '../../support/saving.js'

const FULL = 'io.containerd.image.name'
const REF = 'org.opencontainers.image.ref.name'
const CREATED = 'org.opencontainers.image.created'
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const INDEX = 'application/vnd.oci.image.index.v1+json'

const context = runContext()
const OCI: WriteTarget = { format: 'oci-archive', layout: 'universal' }
const CLASSIC: WriteTarget = { format: 'docker-archive', layout: 'classic' }
const DOCKER: readonly WriteTarget[] = [
  { format: 'docker-archive', layout: 'universal' },
  { format: 'docker-archive', layout: 'hybrid' },
  CLASSIC,
]

const inFolder = freshFolder()

const OTHER: ImageFixture = { ...PLAIN, config: { author: 'else' } }

const [CONTENT = new Uint8Array(0)] = PLAIN.layers
const GZIPPED: ImageFixture = {
  ...PLAIN,
  layers: [new Uint8Array(gzipSync(CONTENT))],
  diffIDs: [digest(CONTENT)],
  mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
}

type Annotations = Readonly<Record<string, string>>

/** A layout whose index.json says this of the one image in it. */
function annotated(image: ImageFixture, ...entries: readonly Annotations[]): Members {
  const pointer = descriptor(MANIFEST, manifestOf(image))
  const manifests = entries.map((annotations) => ({ ...pointer, annotations }))
  return changed(ociLayout(image), { 'index.json': json({ schemaVersion: 2, mediaType: INDEX, manifests }) })
}

async function files(inputs: readonly Members[]): Promise<readonly string[]> {
  const paths = inputs.map((_, at) => inFolder(`in-${String(at)}.tar`))
  await Promise.all(inputs.map((members, at) => writeFile(paths[at] ?? '', packed(members))))
  return paths
}

const indexSchema = z.object({
  manifests: z.array(z.object({ annotations: z.record(z.string(), z.string()).optional() })),
})

/** What `save` makes of inputs: what its index.json says of each entry, the names that are read of it, and what is odd. */
async function written(inputs: readonly Members[], target: WriteTarget, compress: 'keep' | 'none' = 'keep') {
  const to = inFolder('out.tar')
  const bytes = await saved(await files(inputs), to, {
    target,
    compress: compress === 'keep' ? compress : { kind: 'none' },
  })
  const archive = await openArchive(to, context)
  const { findings } = await verify(archive, context)
  await archive[Symbol.asyncDispose]()
  const text = latin1(bytes)
  const at = text.lastIndexOf('{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index')
  const index = at < 0 ? undefined : text.slice(at, text.indexOf('\0', at))
  const entries = index === undefined ? [] : indexSchema.parse(JSON.parse(index)).manifests
  return {
    entries: entries.map(({ annotations = {} }) => annotations),
    names: archive.images.map((image) => image.names),
    codes: findings.map(({ code }) => code),
  }
}

/** The messages of what is lost. */
async function losses(members: Members, target: WriteTarget): Promise<readonly string[]> {
  const [file = ''] = await files([members])
  await using archive = await openArchive(file, context, { access: 'random' })
  const index = target !== CLASSIC
  const docker = target.format === 'docker-archive'
  const holds = new Set(['none', 'gzip'] as const)
  const unstaged = () => Promise.reject(new Error('nothing is staged'))
  const staging = {
    stage: unstaged,
    stageBlocks: unstaged,
    discard: () => Promise.resolve(),
  }
  const images = await prepareImages(archive.images, { compress: 'keep', holds, staging }, context)
  const companions = await companionsFor([archive], images, index, context)
  return lossesOf(archive.images, images, { archives: [archive], docker, index, companions }).map(
    ({ message }) => message,
  )
}

const targets = DOCKER.map((target) => [target.layout, target] as const)

describe('names that RepoTags cannot hold', () => {
  test.each(targets)('are in no document of a %s archive, so that all engines name the same', async (_, target) => {
    for (const name of ['1', 'latest', 'v1.0-rc', 'A Strange+Name'])
      expect(await written([annotated(PLAIN, { [REF]: name })], target)).toMatchObject({ names: [[]], codes: [] })
  })

  test('leave the others', async () => {
    const members = annotated(PLAIN, { [REF]: '1' }, { [FULL]: 'docker.io/library/app:1', [REF]: '1' })
    for (const target of DOCKER)
      expect(await written([members], target)).toMatchObject({ names: [['app:1']], codes: [] })
  })

  test('stay in an OCI layout as they were', async () => {
    const { entries } = await written([annotated(PLAIN, { [REF]: '1' })], OCI)
    expect(entries).toEqual([{ [REF]: '1' }])
  })

  test('are told', async () => {
    const members = annotated(PLAIN, { [REF]: '1' })
    for (const target of DOCKER)
      expect(await losses(members, target)).toEqual(['docker takes no name without a tag: "1"'])
    expect(await losses(members, OCI)).toEqual([])
  })
})

describe('a name with a digest', () => {
  const name = `reg.example/app@${digest(manifestOf(PLAIN))}`

  test('is in index.json alone, since it gives no tag to anything', async () => {
    for (const target of [...DOCKER.slice(0, 2), OCI]) {
      const { entries, names, codes } = await written([annotated(PLAIN, { [FULL]: name })], target)
      expect([entries, names, codes]).toEqual([[{ [FULL]: name, [REF]: name }], [[name]], []])
    }
  })

  test('has a tag in an OCI layout only', async () => {
    const both = name.replace('@', ':7@')
    const members = annotated(PLAIN, { [FULL]: both })
    expect((await written([members], OCI)).names).toEqual([[both]])
    for (const target of DOCKER.slice(0, 2))
      expect(await written([members], target)).toMatchObject({ names: [[name]], codes: [] })
    expect(await losses(members, DOCKER[0] ?? CLASSIC)).toEqual([
      `docker takes no name with a tag and a digest, and ${name} stays: "${both}"`,
    ])
  })

  test('is left out where it would lead to something else, and that is told', async () => {
    const wrong = `reg.example/app@${digest(configOf(PLAIN))}`
    for (const target of [...DOCKER, OCI])
      expect(await written([annotated(PLAIN, { [FULL]: wrong })], target)).toMatchObject({ names: [[]], codes: [] })
    const told = [`nothing that leads to the image has the digest of the name: "${wrong}"`]
    expect(await losses(annotated(PLAIN, { [FULL]: wrong }), OCI)).toEqual(told)
    expect(await losses(annotated(PLAIN, { [FULL]: name }), CLASSIC)).toEqual([told[0]?.replace(wrong, name)])
  })

  test('goes where the manifest does', async () => {
    const own = `app@${digest(manifestOf(GZIPPED))}`
    expect((await written([annotated(GZIPPED, { [REF]: own })], OCI)).names).toEqual([[own]])
    expect((await written([annotated(GZIPPED, { [REF]: own })], OCI, 'none')).names).toEqual([[]])
  })
})

describe('names of two images', () => {
  const refs = async (...inputs: readonly Members[]) =>
    (await written(inputs, OCI)).entries.map((annotations) => annotations[REF])
  const named = (image: ImageFixture, name: string): Members => ociLayout({ ...image, names: [name] })

  test('have the tag alone as ref.name, and the full name where that would be another one too', async () => {
    expect(await refs(named(PLAIN, 'app:1'), named(OTHER, 'else:2'))).toEqual(['1', '2'])
    expect(await refs(named(PLAIN, 'app:1'), named(OTHER, 'team/app:1'))).toEqual([
      'docker.io/library/app:1',
      'docker.io/team/app:1',
    ])
    expect(await refs(annotated(PLAIN, { [REF]: '1' }), named(OTHER, 'app:1'))).toEqual([
      '1',
      'docker.io/library/app:1',
    ])
  })

  test('cannot be the same for one platform', async () => {
    for (const name of ['app:1', 'reg.example:5000/team/app:2']) {
      const both = written([named(PLAIN, name), named(OTHER, name)], OCI)
      await expect(both).rejects.toMatchObject({ code: 'ERR_REFERENCE' })
    }
    const bare = [annotated(PLAIN, { [REF]: '1' }), annotated(OTHER, { [REF]: '1' })]
    await expect(written(bare, OCI)).rejects.toMatchObject({ code: 'ERR_REFERENCE' })
    // No engine sees these names in a docker archive, so that they cannot be mixed up.
    for (const target of DOCKER) expect(await written(bare, target)).toMatchObject({ names: [[], []], codes: [] })
  })

  test('may be the same where one index led to both, whose platforms differ in what only it says', async () => {
    const platforms = [PLAIN, OTHER].map((image, at) => {
      const platform = { os: 'linux', architecture: 'amd64', variant: `v${String(at + 1)}` }
      return { ...descriptor(MANIFEST, manifestOf(image)), platform }
    })
    const index = json({ schemaVersion: 2, mediaType: INDEX, manifests: platforms })
    const entry = { ...descriptor(INDEX, index), annotations: { [FULL]: 'docker.io/library/app:1' } }
    const members = changed(ociLayout(PLAIN, OTHER), {
      [blob(index)]: index,
      'index.json': json({ schemaVersion: 2, mediaType: INDEX, manifests: [entry] }),
    })
    expect((await written([members], OCI)).names).toEqual([['app:1'], ['app:1']])
    const gzip = saved(await files([members]), inFolder('gzip.tar'), { target: OCI, compress: { kind: 'gzip' } })
    await expect(gzip).resolves.toBeDefined()
  })
})

test('a name with the digest of another image is left out, and that is told', async () => {
  const wrong = `app@${digest(manifestOf(OTHER))}`
  const members = annotated(PLAIN, { [FULL]: wrong })
  const both = changed(ociLayout(PLAIN, OTHER), {
    'index.json': json({
      schemaVersion: 2,
      mediaType: INDEX,
      manifests: [
        { ...descriptor(MANIFEST, manifestOf(PLAIN)), annotations: { [FULL]: wrong } },
        descriptor(MANIFEST, manifestOf(OTHER)),
      ],
    }),
  })
  for (const one of [members, both]) {
    expect((await written([one], OCI)).names.flat()).toEqual([])
    expect(await losses(one, OCI)).toEqual([`nothing that leads to the image has the digest of the name: "${wrong}"`])
  }
})

describe('what index.json says of an image beside its names', () => {
  const members = annotated(PLAIN, { [FULL]: 'app:1', [CREATED]: '2020-01-02T03:04:05Z', 'com.example.a': 'b' })

  test('stays, in its place in the order of keys', async () => {
    const about = { 'com.example.a': 'b', [CREATED]: '2020-01-02T03:04:05Z' }
    for (const target of [...DOCKER.slice(0, 2), OCI]) {
      const { entries } = await written([members], target)
      expect(entries).toEqual([{ ...about, [FULL]: 'docker.io/library/app:1', [REF]: '1' }])
      expect(Object.keys(entries[0] ?? {})).toEqual(['com.example.a', FULL, CREATED, REF])
      expect(await losses(members, target)).toEqual([])
    }
  })

  test('goes where the manifest does', async () => {
    const said = annotated(GZIPPED, { [FULL]: 'app:1', [CREATED]: '2020-01-02T03:04:05Z' })
    expect((await written([said], OCI)).entries[0]).toHaveProperty([CREATED])
    expect((await written([said], OCI, 'none')).entries[0]).not.toHaveProperty([CREATED])
  })

  test('is told where there is no index.json', async () => {
    const told = `what index.json says of app:1 is not taken over: ${CREATED}, com.example.a`
    expect(await losses(members, CLASSIC)).toEqual([told])
  })

  test('stays with an index', async () => {
    const index = json({ schemaVersion: 2, mediaType: INDEX, manifests: [descriptor(MANIFEST, manifestOf(PLAIN))] })
    const annotations = { [FULL]: 'docker.io/library/app:1', [CREATED]: '2020-01-02T03:04:05Z' }
    const carried = changed(ociLayout(PLAIN), {
      [blob(index)]: index,
      'index.json': json({
        schemaVersion: 2,
        mediaType: INDEX,
        manifests: [{ ...descriptor(INDEX, index), annotations }],
      }),
    })
    expect((await written([carried], OCI)).entries).toContainEqual({ ...annotations, [REF]: '1' })
  })
})

test('no archive is written of no image', async () => {
  const none = changed(ociLayout(), {})
  for (const target of [...DOCKER, OCI])
    await expect(written([none], target)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
})
