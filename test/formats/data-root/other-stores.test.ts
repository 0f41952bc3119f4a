import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { runContext } from '../../../src/context.js'
import { severityOf } from '../../../src/findings.js'
import { openContainer } from '../../../src/formats/data-root/index.js'
import { openArchive } from '../../../src/formats/index.js'
import { commit } from '../../../src/ops/commit.js'
import { flatten } from '../../../src/ops/flatten.js'
import { identify } from '../../../src/ops/identity.js'
import { verify } from '../../../src/ops/verify.js'
import { nullSink } from '../../../src/formats/write/index.js'

const shared = (path: string) => fileURLToPath(new URL(`../../../../shared/${path}`, import.meta.url))
const CONTAINERD = shared('corpus/dataroots/dataroot-28.5-containerd.tar.gz')
const GRAPH = shared('formats-samples/data-root-overlay1-1.9.1.tar.gz')
const OVERLAY2 = shared('formats-samples/data-root-overlay2-20.10.tar.gz')

async function proved(path: string) {
  await using archive = await openArchive(path, runContext(), { transport: 'docker-root' })
  const { findings, measurements } = await verify(archive)
  const ids = archive.images.map((image) => {
    return [image.names.join(' '), image.targetDigest ?? identify(image, measurements).imageID] as const
  })
  return { ids: Object.fromEntries(ids), troubles: findings.filter((one) => severityOf(one) !== 'note') }
}

describe('a data-root of another kind', () => {
  test.skipIf(!existsSync(CONTAINERD))('of docker 28 with the containerd store has its images by name', async () => {
    expect(await proved(CONTAINERD)).toEqual({
      ids: {
        'corp-h-alpha:1': 'sha256:35a7a55c56bad1deee80ce47fd76e9262b389c205b4adf2936758d3e47cf27aa',
        'corp-meta-alpha:2': 'sha256:9ae37e355aff5719810ba38643c26428bf0b275070226425f9be16fc61935983',
      },
      troubles: [],
    })
  })

  test.skipIf(!existsSync(GRAPH))(
    'of docker 1.9.1 gives images with the IDs that later dockers give them',
    async () => {
      const { ids, troubles } = await proved(GRAPH)
      expect(troubles).toEqual([])
      expect(ids['fmt-old:base reg.example:5000/x/y:v1']).toBe(
        'sha256:85c014c0abbfea363ef52e2c54c5662ecf62ddeda156e4f2a1a9042456c0eaed',
      )
      expect(ids['fmt-old:2']).toBe('sha256:2e08f45176f03a91ea1aa31bd5019b9a0406ddc3aa22509f3337a5f366002e80')
    },
  )
})

test.skipIf(!existsSync(CONTAINERD))('a container in the containerd store is its image and what it wrote', async () => {
  const context = runContext()
  await using archive = await openArchive(CONTAINERD, context, { transport: 'docker-root', container: 'corp-ct1' })
  const { entries } = await flatten(archive.images[0]?.layers ?? [], { archive: 'root' }, context)
  const listing = readFileSync(shared('corpus/expected/dataroot-28.5-containerd.export-ct1.lst'), 'utf8')
  expect(entries).toBe(listing.trimEnd().split('\n').length)
})

describe('a commit', () => {
  test.skipIf(!existsSync(OVERLAY2))('has the layer that docker 20.10 made of the container', async () => {
    const context = runContext()
    await using opened = await openContainer(OVERLAY2, context, 'fmt-c2')
    const settings = {
      names: ['fmt-commit:1'],
      created: '2026-11-21T03:15:39.228362914Z',
      author: 'Me <me@x>',
      comment: 'msg & co',
      changes: ['ENV C=3'],
    }
    const target = { compress: 'keep', holds: new Set(['none'] as const), staging: nullSink('-') } as const
    const { image } = await commit(await opened.container.parts({ engine: 20 }), settings, target, context)
    expect(image.layers.at(-1)?.diffID).toBe('sha256:9295b30885b4e289078f064ea3d5d840c27976f4149ecfc2acb6dae86d792914')
    const { created, author, config, history } = image.config.value
    expect({ created, author, env: config?.Env?.at(-1) }).toEqual({
      created: settings.created,
      author: settings.author,
      env: 'C=3',
    })
    expect(history?.at(-1)?.comment).toBe('msg & co')
    expect(image.layers).toHaveLength(5)
  })
})
