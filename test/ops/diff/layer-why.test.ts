import { resolve } from 'node:path'
import { pack } from 'tar-stream'
import { describe, expect, test } from 'vitest'
import { bytesSource, chunksOf } from '../../../src/bytes/source.js'
import { runContext } from '../../../src/context.js'
import { openArchive } from '../../../src/formats/index.js'
import { likeness, layerSketcher, type LayerSketch } from '../../../src/ops/diff/layer-sketch.js'
import { whyDifferent } from '../../../src/ops/diff/layer-why.js'
import { takeEntries, takeParts } from '../../../src/tree/contents-takers.js'
import { readContents } from '../../../src/tree/contents.js'
import { directory, file, hardlink, layerTar, type LayerEntry } from '../../support/layers.js'

const context = runContext()

async function sketchOf(tar: Uint8Array): Promise<LayerSketch> {
  const sketcher = layerSketcher({ withRows: true })
  const options = { limits: context.limits, location: 'layer', diffID: true, hashes: true, spelling: true }
  const taker = takeEntries({ onEntry: (entry, hash) => sketcher.add(entry, hash) })
  await readContents(chunksOf(bytesSource(tar, 'layer')), options, taker)
  return sketcher.sketch()
}

async function why(a: readonly LayerEntry[] | Uint8Array, b: readonly LayerEntry[] | Uint8Array) {
  const tars = [a, b].map((side) => (side instanceof Uint8Array ? side : layerTar(side)))
  const [one, two] = await Promise.all(tars.map(sketchOf))
  return whyDifferent(one?.rows ?? [], two?.rows ?? [])
}

/** The same entries as another tar writer writes them: USTAR with user names and other padding of numbers. */
async function repacked(entries: readonly LayerEntry[]): Promise<Uint8Array> {
  const tar = pack()
  for (const { path, type = 'file', content = '', mode = 0o644, linkPath } of entries) {
    const kind = type === 'hardlink' ? 'link' : type === 'directory' ? 'directory' : 'file'
    const header = {
      name: path,
      type: kind,
      mode,
      mtime: new Date(1_700_000_000_000),
      uid: 0,
      gid: 0,
      uname: 'root',
    } as const
    tar.entry({ ...header, ...(linkPath !== undefined && { linkname: linkPath }) }, kind === 'file' ? content : '')
  }
  tar.finalize()
  const chunks: Uint8Array[] = []
  for await (const chunk of tar) chunks.push(chunk as Uint8Array) // tar-stream gives Buffers
  return new Uint8Array(Buffer.concat(chunks))
}

const ENTRIES = [directory('d'), file('d/a', { content: 'aa' }), file('d/b', { content: 'b' }), hardlink('d/c', 'd/a')]
const NONE = { added: 0, removed: 0, modified: 0 }

describe('two layers differ', () => {
  test('in nothing but the tar dialect, proved by one digest for both', async () => {
    const found = await why(ENTRIES, await repacked(ENTRIES))
    expect([found.differs, found.files]).toEqual([['dialect'], NONE])
    expect(found.proof).toMatch(/^sha256:[a-f0-9]{64}$/)
  })

  test('in nothing but the spelling of paths, which is dialect too', async () => {
    const spelled = ENTRIES.map((entry) => ({ ...entry, path: `./${entry.path}` }))
    expect((await why(ENTRIES, spelled)).differs).toEqual(['dialect'])
  })

  test('in nothing but the order of entries', async () => {
    const turned = [ENTRIES[0], ENTRIES[2], ENTRIES[1], ENTRIES[3]].flatMap((entry) => entry ?? [])
    expect((await why(ENTRIES, turned)).differs).toEqual(['order'])
  })

  test('in nothing but mtimes, or owners, or both', async () => {
    const later = ENTRIES.map((entry) => ({ ...entry, mtimeNs: 5n }))
    const others = ENTRIES.map((entry) => ({ ...entry, uid: 1000 }))
    const both = ENTRIES.map((entry) => ({ ...entry, uid: 1000, mtimeNs: 5n }))
    expect((await why(ENTRIES, later)).differs).toEqual(['mtimes'])
    expect((await why(ENTRIES, others)).differs).toEqual(['owners'])
    expect((await why(ENTRIES, both)).differs).toEqual(['mtimes', 'owners'])
  })

  test('in mtimes and the tar dialect, which owners, mtimes or order alone do not hide', async () => {
    const later = ENTRIES.map((entry) => ({ ...entry, mtimeNs: 5n }))
    const others = ENTRIES.map((entry) => ({ ...entry, uid: 1000 }))
    const turned = ENTRIES.toReversed()
    expect((await why(later, await repacked(ENTRIES))).differs).toEqual(['mtimes', 'dialect'])
    expect((await why(others, await repacked(ENTRIES))).differs).toEqual(['owners', 'dialect'])
    expect((await why(turned, await repacked(ENTRIES))).differs).toEqual(['order', 'dialect'])
    expect((await why(later, await repacked(ENTRIES))).proof).toMatch(/^sha256:/)
  })

  test('in files, which no normalising makes equal', async () => {
    const b = [directory('d'), file('d/a', { content: 'xx', mtimeNs: 5n }), file('d/new')]
    const found = await why(ENTRIES, b)
    expect(found).toEqual({ differs: ['files', 'mtimes'], files: { added: 1, removed: 2, modified: 1 }, proof: null })
  })
})

test('layers are as alike as their paths are', async () => {
  const many = (from: number) => Array.from({ length: 600 }, (_, index) => file(`usr/share/f${from + index}`))
  const [one, shifted, other] = await Promise.all(
    [many(0), many(300), many(5000)].map((entries) => sketchOf(layerTar(entries))),
  )
  if (one === undefined || shifted === undefined || other === undefined) throw new Error('no sketch')
  expect(likeness(one, one)).toBe(1)
  expect(likeness(one, other)).toBe(0)
  // 300 of 900 paths are in both.
  expect(likeness(one, shifted)).toBeGreaterThan(0.2)
  expect(likeness(one, shifted)).toBeLessThan(0.5)
})

test('a layer read in one pass has the diffID that its config claims', async () => {
  const path = resolve(import.meta.dirname, '../../../samples/app.tar')
  await using archive = await openArchive(path, context, { access: 'random' })
  const layer = archive.images[0]?.layers[0]
  if (layer === undefined) throw new Error('no layer')
  const options = { limits: context.limits, location: 'layer', diffID: true, hashes: true }
  const { diffID, fault } = await readContents(
    layer.tar(context),
    options,
    takeParts(() => undefined),
  )
  expect([diffID, fault]).toEqual([layer.claims.diffID, undefined])
})
