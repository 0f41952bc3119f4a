import { writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { digestOf } from '../../../src/bytes/digest.js'
import { runContext } from '../../../src/context.js'
import { openArchive } from '../../../src/formats/index.js'
import { looseMembers } from '../../../src/formats/salvage/members.js'
import { salvage } from '../../../src/ops/salvage/index.js'
import { configOf, dockerSave, hybrid, manifestOf, ociLayout, offsetOf, packed } from '../../support/archives.js'
import { testFolder } from '../../support/folder.js'
import { file, layerTar } from '../../support/layers.js'
import { noise } from '../../support/packages.js'

const at = testFolder()

const layer = (name: string) => layerTar([file(name, { content: noise(name, 3000) })])
const [BASE, MIDDLE, TOP, OTHER] = [layer('base'), layer('middle'), layer('top'), layer('other')]
const MEMBERS = [...dockerSave({ names: ['app:1'], layers: [BASE, MIDDLE, TOP] })]
// The documents last, as docker has them, so that they are lost with the end of the top layer.
const WHOLE = packed(new Map([...MEMBERS.filter(([name]) => name.endsWith('.tar')), ...MEMBERS]))
const CUT = WHOLE.subarray(0, offsetOf(WHOLE, TOP) + 1000)

async function salvaged(sources: Readonly<Record<string, Uint8Array>>, damaged = CUT) {
  const context = runContext()
  const broken = at('broken.tar')
  await writeFile(broken, damaged)
  await using members = await looseMembers(broken, context)
  const opened = []
  for (const [name, bytes] of Object.entries(sources)) {
    await writeFile(at(name), bytes)
    opened.push(await openArchive(at(name), context))
  }
  try {
    const { images } = await salvage(members, { sources: opened, opened: undefined }, context)
    return images.map(({ wanted, layers, whole }) => [
      wanted.names.join(),
      layers.map(({ state }) => state).join(),
      whole !== undefined,
    ])
  } finally {
    for (const one of opened) await one[Symbol.asyncDispose]()
  }
}

test('an archive that lost its documents is the one image that has all of its layers', async () => {
  expect(await salvaged({ 'copy.tar': WHOLE })).toEqual([['app:1', 'intact,intact,healed', true]])
})

test('two copies of the image are one, with the names of both', async () => {
  const again = packed(dockerSave({ names: ['app:2'], layers: [BASE, MIDDLE, TOP] }))
  expect(await salvaged({ 'copy.tar': WHOLE, 'again.tar': again })).toEqual([
    ['app:1,app:2', 'intact,intact,healed', true],
  ])
})

test('the bare name that an OCI layout has for it is none that a load could give it', async () => {
  const layout = ociLayout({ names: ['1'], layers: [BASE, MIDDLE, TOP] })
  const index = new TextDecoder().decode(layout.get('index.json'))
  const bare = index.replace('io.containerd.image.name', 'org.opencontainers.image.ref.name')
  layout.set('index.json', new TextEncoder().encode(bare))
  expect(await salvaged({ 'layout.tar': packed(layout) })).toEqual([['', 'intact,intact,healed', true]])
})

test('an image that shares only some layers is not taken for it', async () => {
  const older = packed(dockerSave({ names: ['app:0'], layers: [BASE, OTHER] }))
  expect(await salvaged({ 'older.tar': older })).toEqual([])
})

test('a member that is cut still tells by its name which of several images it is', async () => {
  const other = packed(dockerSave({ names: ['app:2'], layers: [BASE, MIDDLE, OTHER] }))
  expect(await salvaged({ 'copy.tar': WHOLE, 'other.tar': other })).toEqual([['app:1', 'intact,intact,healed', true]])
})

test('where several images could be it, none is', async () => {
  const config = { author: 'another' }
  const twin = packed(dockerSave({ names: ['app:2'], layers: [BASE, MIDDLE, TOP], config }))
  expect(await salvaged({ 'copy.tar': WHOLE, 'twin.tar': twin })).toEqual([])
})

test('without another archive there is none', async () => {
  expect(await salvaged({})).toEqual([])
})

const IMAGE = { names: ['app:1'], layers: [BASE, MIDDLE, TOP] }
const HYBRID = [...hybrid(IMAGE)]
const named = (name: string) => HYBRID.filter(([path]) => path === name)
const blobOf = (bytes: Uint8Array) => named(`blobs/${digestOf(bytes).replace(':', '/')}`)
const cutIn = (members: typeof HYBRID, end: Uint8Array) => {
  const all = packed(new Map(members))
  return all.subarray(0, offsetOf(all, end) + 1000)
}

test('documents of docker 25 to 28 that no image refers to do not hide which image it is', async () => {
  const old = new TextEncoder().encode('{"id":"of a layer, as docker 1 knew it"}')
  const name = `blobs/${digestOf(old).replace(':', '/')}`
  const damaged = cutIn([[name, old], ...blobOf(BASE), ...blobOf(MIDDLE), ...blobOf(TOP)], TOP)
  expect(await salvaged({ 'copy.tar': packed(new Map(HYBRID)) }, damaged)).toEqual([
    ['app:1', 'intact,intact,healed', true],
  ])
})

test('the manifest comes back with what it is healed from, where the config was kept', async () => {
  const context = runContext()
  const [broken, copy] = [at('kept.tar'), at('copy.tar')]
  await writeFile(broken, cutIn([...blobOf(configOf(IMAGE)), ...blobOf(BASE), ...blobOf(TOP)], TOP))
  await writeFile(copy, packed(new Map(HYBRID)))
  await using members = await looseMembers(broken, context)
  await using source = await openArchive(copy, context)
  const { images } = await salvage(members, { sources: [source], opened: undefined }, context)
  expect(images.map(({ whole }) => whole?.manifest?.digest)).toEqual([digestOf(manifestOf(IMAGE))])
})
