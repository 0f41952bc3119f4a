import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { LAYOUTS } from '../../../src/formats/write/index.js'
import { WRITTEN_SCHEMAS } from '../../../src/model/report-written.js'
import { dockerSave, packed, PLAIN } from '../../support/archives.js'
import { docker, ENGINES, HAVE_TOOLS, imgtar, imgtarJson, tool, workFolder, type Engine } from './support.js'

const work = workFolder()
const prefix = `imgtar-test-names-${String(process.pid)}`
afterAll(() => work.remove())

const engines = ENGINES.filter(({ host }) => host !== '')
const at = (name: string): string => join(work.path, name)

interface Written {
  readonly imageID: string
  readonly digest: string
}

/** A layout of one image that nobody else has; gives its ID and the digest of its manifest. */
function layout(name: string, label: string): Written {
  writeFileSync(at('plain.tar'), packed(dockerSave({ ...PLAIN, names: [name], config: { author: prefix + label } })))
  const report = WRITTEN_SCHEMAS.save.parse(imgtarJson('save', at('plain.tar'), '-f', '-o', `oci:${at(label)}`))
  const { imageID = '', digest } = report.images[0] ?? {}
  return { imageID, digest: digest ?? '' }
}

const indexSchema = z.looseObject({ manifests: z.array(z.looseObject({})) })

/** Names the image of a layout as others do. */
function rename(label: string, annotations: Readonly<Record<string, string>>): void {
  const file = join(at(label), 'index.json')
  const index = indexSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  const manifests = index.manifests.map((entry) => ({ ...entry, annotations }))
  writeFileSync(file, JSON.stringify({ ...index, manifests }))
}

const inspected = z.object({ RepoTags: z.array(z.string()).nullish(), RepoDigests: z.array(z.string()).nullish() })

/** The names under which an engine has an archive's image after loading it; the image is removed again. */
function namesIn(engine: Engine, file: string): { tags: readonly string[]; digests: readonly string[] } {
  const [, loaded = ''] = /^Loaded image(?: ID)?: (.+)$/m.exec(docker(engine, 'load', '-i', file)) ?? []
  try {
    const text = docker(engine, 'image', 'inspect', '--format', '{{json .}}', loaded)
    const { RepoTags, RepoDigests } = inspected.parse(JSON.parse(text))
    // The containerd store lists names with digests among the tags as well.
    return { tags: (RepoTags ?? []).filter((name) => !name.includes('@')), digests: RepoDigests ?? [] }
  } finally {
    docker(engine, 'rmi', '-f', loaded)
  }
}

function podmanNames(file: string, { imageID }: Written): readonly string[] {
  const podman = (...args: string[]): string => tool('env', `TMPDIR=${work.path}`, 'podman', ...args)
  podman('load', '-q', '-i', file)
  try {
    const text = podman('image', 'inspect', '--format', '{{json .RepoTags}}', imageID.slice(7))
    return z.array(z.string()).parse(JSON.parse(text) ?? [])
  } finally {
    podman('rmi', '-f', imageID.slice(7))
  }
}

describe.skipIf(engines.length === 0)('a docker archive of a layout', () => {
  describe.each(LAYOUTS)('as %s', (kind) => {
    test('that names its image by a tag alone has no name for any engine', () => {
      const image = layout(`${prefix}:1`, `bare-${kind}`)
      rename(`bare-${kind}`, { 'org.opencontainers.image.ref.name': '1' })
      const file = at(`${kind}.tar`)
      imgtarJson('save', at(`bare-${kind}`), '-f', '-o', file, '--layout', kind)
      expect(imgtar('verify', '-q', file)).toMatchObject({ status: 0 })
      for (const engine of engines) expect(namesIn(engine, file)).toEqual({ tags: [], digests: [] })
      if (HAVE_TOOLS) expect(podmanNames(file, image)).toEqual([])
    })
  })

  test('that names its image by a digest has no tag for any engine, and the digest for those that read index.json', () => {
    const image = layout(`${prefix}:1`, 'digest')
    const name = `${prefix}@${image.digest}`
    rename('digest', { 'io.containerd.image.name': `docker.io/library/${name}` })
    imgtarJson('save', at('digest'), '-f', '-o', at('digest.tar'))
    for (const engine of engines) {
      const digests = engine.store === 'classic' ? [] : [name]
      expect(namesIn(engine, at('digest.tar'))).toEqual({ tags: [], digests })
    }
    if (HAVE_TOOLS) expect(podmanNames(at('digest.tar'), image)).toEqual([])
  })
})

describe.skipIf(!HAVE_TOOLS)('a layout of names that share their tag', () => {
  const names = ['one', 'two'].map((repository) => `docker.io/${prefix}/${repository}:1`)
  let images: readonly Written[] = []
  beforeAll(() => {
    images = names.map((name, index) => layout(name, `shared-${String(index)}`))
    imgtarJson('save', at('shared-0'), at('shared-1'), '-o', `oci:${at('shared')}`)
  })

  test('is told apart by skopeo', () => {
    const found = names.map((name) => {
      const text = tool('skopeo', 'inspect', '--raw', `oci:${at('shared')}:${name}`)
      return z.object({ config: z.object({ digest: z.string() }) }).parse(JSON.parse(text)).config.digest
    })
    expect(found).toEqual(images.map(({ imageID }) => imageID))
  })

  test('is told apart by umoci', () => {
    expect(tool('umoci', 'ls', '--layout', at('shared')).trim().split('\n').sort()).toEqual(names)
  })
})
