import { describe, expect, test } from 'vitest'
import { runContext } from '../../src/context.js'
import { openArchive } from '../../src/formats/index.js'
import type { Image, ImageArchive } from '../../src/model/image.js'
import { retag } from '../../src/ops/retag.js'
import { blob, descriptor, json, layer, manifestOf, ociLayout } from '../support/archives.js'
import { freshFolder } from '../support/folder.js'
import { CLASSIC, OCI_ARCHIVE, resaved, UNIVERSAL, type ResaveSettings } from '../support/resaving.js'

const OCI = 'application/vnd.oci.image'
const AMD = { names: ['app:1'], layers: [layer('etc/a')] }
const ARM = { names: ['other:1'], layers: [layer('etc/b')], config: { architecture: 'arm64' } }

const inFolder = freshFolder()
const context = runContext()

const saved = (inputs: readonly ReadonlyMap<string, Uint8Array>[], settings?: ResaveSettings) =>
  resaved(inFolder(), inputs, settings)

describe('what index.json says of itself', () => {
  const ABOUT = { 'org.example.origin': 'build 7', 'org.example.a': '<&>' }

  /** A layout with these annotations at the top of its index.json. */
  function annotated(members: Map<string, Uint8Array>, annotations: object = ABOUT): Map<string, Uint8Array> {
    const before = JSON.parse(new TextDecoder().decode(members.get('index.json'))) as object
    return members.set('index.json', json({ ...before, annotations }))
  }

  const about = ({ indexAnnotations }: ImageArchive) => Object.fromEntries(indexAnnotations?.annotations ?? [])
  const two = () => annotated(ociLayout(AMD, ARM))
  const LOST = ['OUTPUT_ANNOTATION_LEFT_OUT']

  test.each([
    ['an OCI archive', OCI_ARCHIVE],
    ['a docker archive with an index.json', UNIVERSAL],
  ])('goes along into %s with all its images', async (_, target) => {
    const { after, losses } = await saved([two()], { target })
    expect([about(after), losses]).toEqual([ABOUT, []])
  })

  test('goes along with an index below it', async () => {
    const index = json({ schemaVersion: 2, manifests: [descriptor(`${OCI}.manifest.v1+json`, manifestOf(AMD))] })
    const members = ociLayout(AMD).set(blob(index), index)
    members.set('index.json', json({ schemaVersion: 2, manifests: [descriptor(`${OCI}.index.v1+json`, index)] }))
    const { after, losses } = await saved([annotated(members)])
    expect([about(after), losses]).toEqual([ABOUT, []])
  })

  test('goes along whatever its images are named', async () => {
    const change = (images: readonly Image[]) => retag(images, new Set(), { add: [], drop: ['app:1'], only: false })
    const { after, losses } = await saved([two()], { change })
    expect([about(after), losses]).toEqual([ABOUT, []])
  })

  test('comes back out of a docker archive that is an OCI layout as well', async () => {
    await saved([two()], { target: UNIVERSAL })
    await using archive = await openArchive(inFolder('out.tar'), context)
    expect([archive.format, about(archive)]).toEqual(['hybrid', ABOUT])
  })

  test.each<[string, ResaveSettings]>([
    ['one of its images stays behind', { change: (images) => images.slice(1) }],
    ['an image gets another manifest', { compress: { kind: 'gzip' } }],
    ['there is no index.json', { target: CLASSIC }],
  ])('is not taken over where %s, and a note says so', async (_, settings) => {
    const { after, losses } = await saved([two()], settings)
    expect([about(after), losses]).toEqual([{}, LOST])
  })

  test('is not taken over where images of another archive come along, and a note says of which', async () => {
    const other = ociLayout({ names: ['third:1'], layers: [layer('etc/c')] })
    const { after, losses, places } = await saved([other, two()])
    expect([about(after), losses, places]).toEqual([{}, LOST, [inFolder('in-1.tar')]])
  })
})

test('what another copy of an image says in index.json is told where the one that is written does not say it', async () => {
  const said = (annotations: Record<string, string>): Map<string, Uint8Array> => {
    const pointer = { ...descriptor(`${OCI}.manifest.v1+json`, manifestOf(AMD)), annotations }
    return ociLayout(AMD).set('index.json', json({ schemaVersion: 2, manifests: [pointer] }))
  }
  const [one, same, other] = [said({ a: '1', b: '2' }), said({ b: '2', a: '1' }), said({ a: '1', b: '3', c: '4' })]
  expect((await saved([one, same])).losses).toEqual([])
  const { after, losses } = await saved([one, other])
  expect(losses).toEqual(['OUTPUT_ANNOTATION_LEFT_OUT'])
  expect(after.images.map(({ entryAnnotations }) => [...(entryAnnotations ?? [])])).toEqual([
    [
      ['a', '1'],
      ['b', '2'],
    ],
  ])
})
