import { describe, expect, test } from 'vitest'
import { changed, descriptor, digest, hybrid, json, manifestOf, packed, PLAIN } from '../support/archives.js'
import { openedBytes } from '../support/opened.js'

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'

/** What is odd about a hybrid without RepoTags whose index.json names the image so; `saved` is what manifest.json lists. */
async function opened(annotations: Readonly<Record<string, string>>, saved = PLAIN) {
  const entry = { ...descriptor(MANIFEST, manifestOf(PLAIN)), annotations }
  const members = changed(hybrid({ ...saved, names: [] }), {
    'index.json': json({ schemaVersion: 2, manifests: [entry] }),
  })
  const whole = new Map([...hybrid(PLAIN), ...members])
  const { findings, images } = await openedBytes('file', packed(whole))
  const codes = findings.map(({ code }) => code).filter((code) => code !== 'BLOB_ORPHAN')
  return { codes, names: images.map((image) => image.names) }
}

describe('an image that only index.json names', () => {
  const own = digest(manifestOf(PLAIN))

  test.each([
    ['a tag alone', { 'org.opencontainers.image.ref.name': '1' }],
    ['a tag and a digest', { 'io.containerd.image.name': `docker.io/library/app:1@${own}` }],
  ])('by %s is another name to each engine', async (_, annotations) => {
    expect(await opened(annotations)).toEqual({ codes: ['INDEX_NAME_UNTAGGED'], names: [[]] })
  })

  test('by its digest is the same image to all, and keeps that name', async () => {
    const name = `docker.io/library/app@${own}`
    expect(await opened({ 'io.containerd.image.name': name })).toEqual({ codes: [], names: [[`app@${own}`]] })
  })

  test('by a name with a tag is a mismatch, since manifest.json could have said so', async () => {
    const annotations = { 'io.containerd.image.name': 'docker.io/library/app:1' }
    expect(await opened(annotations)).toEqual({ codes: ['INDEX_MISMATCH'], names: [[]] })
  })

  test('is a mismatch by whatever name where manifest.json does not have it at all', async () => {
    const other = { ...PLAIN, config: { author: 'else' } }
    for (const name of ['1', `app@${own}`]) {
      const { codes } = await opened({ 'org.opencontainers.image.ref.name': name }, other)
      expect(codes).toEqual(['INDEX_MISMATCH'])
    }
  })
})
