import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { corpusArchives, CORPUS, hasCorpus, type Facts } from './corpus.js'
import { openedBy } from '../support/opened.js'

// Go makes a config of a v1 json that is null; we call it damaged.
const UNREADABLE = new Set(['hostile/v1-bad-json.tar'])
// dockerd stops at these after it made an image that nothing names.
const REFUSED = new Set(['hostile/v1-bad-repositories.tar', 'hostile/v1-evil-ids.tar', 'hostile/v1-missing-image.tar'])

/** Images as a classic docker has them after docker load. */
function loaded({ peers }: Facts): readonly (readonly [imageID: string, diffIDs: readonly string[]])[] {
  const { images = [] } = peers?.['docker load']?.['28.5.2'] ?? {}
  return images.map(({ Id, Layers }) => [Id, Layers ?? []] as const)
}

const v1 = corpusArchives(['hostile/v1-', 'local/tiny.v1-only', 'images/go-containerregistry__no_manifest']).filter(
  ({ name, facts }) => !UNREADABLE.has(name) && loaded(facts).length > 0,
)
const exported = corpusArchives(['local/']).filter(({ facts }) => facts['docker import 20.10.24']?.accepts === true)

describe.skipIf(!hasCorpus)('images whose archive has no config', () => {
  test.each(v1)('$name gives the v1 images the IDs that docker load gives them', async ({ name, file, facts }) => {
    for (const way of ['file', 'pipe'] as const) {
      const { reports, findings } = await openedBy(way, file)
      const ours = reports.map(({ imageID, layers }) => [imageID, layers.map(({ diffID }) => diffID)])
      expect(ours).toEqual(expect.arrayContaining(loaded(facts).map((image) => [...image])))
      if (!REFUSED.has(name)) expect(ours).toHaveLength(loaded(facts).length)
      expect(findings.some(({ code }) => code === 'LAYER_UNPROVED')).toBe(true)
    }
  })

  test.each(exported)('$name gives the diffID that docker import gives', async ({ file, facts }) => {
    for (const way of ['file', 'pipe'] as const) {
      const { format, reports } = await openedBy(way, file)
      expect(format).toBe('rootfs')
      expect(reports[0]?.layers.map(({ diffID }) => diffID)).toEqual(facts['docker import 20.10.24']?.Layers)
    }
  })

  test('are several', () => {
    expect(v1.length).toBeGreaterThanOrEqual(7)
    expect(exported.length).toBeGreaterThanOrEqual(4)
  })
})

const SAMPLES = resolve(CORPUS, '../formats-samples')

const MULTI = '2682fa80dc1be37456db935b1245f13e4bddd30852981a14d96612f7ef45f160'

// What the daemons themselves said of the images that they saved.
const SAVED: readonly (readonly [file: string, names: readonly string[], imageIDs: readonly string[]])[] = [
  [
    'save-1.9.1.tar',
    ['fmt-old:2', 'fmt-old:base', 'reg.example:5000/x/y:v1'],
    [
      '2e08f45176f03a91ea1aa31bd5019b9a0406ddc3aa22509f3337a5f366002e80',
      '85c014c0abbfea363ef52e2c54c5662ecf62ddeda156e4f2a1a9042456c0eaed',
    ],
  ],
  ['save-20.10-multi.tar', ['fmt-multi:1'], [MULTI]],
  ['save-28.5-hybrid.tar', ['fmt-multi:1'], [MULTI]],
  ['save-28.5-containerd-multi.tar.gz', ['fmt-multi:1'], [MULTI]],
  ['skopeo-docker-archive.tar.gz', ['fmt-multi:1'], [MULTI]],
]

describe.skipIf(!existsSync(SAMPLES))('images that daemons saved', () => {
  test.each(SAVED)('%s has the names and imageIDs that its daemon knew', async (file, names, imageIDs) => {
    for (const way of ['file', 'pipe'] as const) {
      const { reports, findings } = await openedBy(way, resolve(SAMPLES, file))
      expect(reports.flatMap((report) => report.names).sort()).toEqual(names)
      expect(new Set(reports.map(({ imageID }) => imageID))).toEqual(new Set(imageIDs.map((hex) => `sha256:${hex}`)))
      expect(findings.filter(({ code }) => !['LAYER_UNPROVED', 'BLOB_ORPHAN'].includes(code))).toEqual([])
    }
  })
})
