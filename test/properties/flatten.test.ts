import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runContext } from '../../src/context.js'
import type { Layer } from '../../src/model/image.js'
import { flatten } from '../../src/ops/flatten.js'
import { fileContents } from '../../src/tree/file-contents.js'
import { changedFiles, changedMembers } from '../../src/tree/changed-members.js'
import { tarBytes } from '../../src/tree/tar-bytes.js'
import { collect } from '../support/chunks.js'
import { layerOfBytes, layersOf } from '../support/layers.js'
import { decode } from '../support/tar-blocks.js'
import { mergeLayers } from '../support/trees.js'
import { entangledLayers, wholeTreeLines } from '../support/written-trees.js'

const context = runContext()

/** The lines with times as a container's disk has them. */
const onDisk = (lines: readonly string[]) =>
  lines.map((line) => line.replace(/1700000000500000000/, '1700000000000000000').replace(/-1500000000/, '0'))

test('a flat tar holds the tree that the layers make, and every hard link follows its first name', async () => {
  await fc.assert(
    fc.asyncProperty(entangledLayers, async (all) => {
      const layers = layersOf(...all)
      const flat = await flatten(layers, { archive: 'test.tar' }, context)
      const tar = await collect(flat.tar())
      expect(tar.length).toBe(flat.size())
      expect(await wholeTreeLines([layerOfBytes(0, tar)])).toEqual(onDisk(await wholeTreeLines(layers)))
      const { entries, end } = decode(tar)
      expect(end).toMatchObject({ marker: 'two-zero-blocks', trailing: 0, entries: flat.entries })
      const seen = new Set<string>()
      for (const { type, path, linkPath } of entries) {
        if (type === 'hardlink') expect(seen).toContain(linkPath)
        seen.add(path)
      }
    }),
    { numRuns: 200 },
  )
})

/** One layer of those from `from` on. */
async function squashed(layers: readonly Layer[], from: number): Promise<Uint8Array> {
  const { tree } = await mergeLayers(layers)
  const { tree: base } = await mergeLayers(layers.slice(0, from))
  await using contents = await fileContents(layers, changedFiles(base, tree, from), context)
  return await collect(tarBytes(changedMembers(base, tree, from), contents, context))
}

test('layers squashed into one make the same tree on top of what is below them', async () => {
  await fc.assert(
    fc.asyncProperty(entangledLayers, fc.nat(3), async (all, place) => {
      const layers = layersOf(...all)
      const from = Math.min(place, layers.length - 1)
      const made = await squashed(layers, from)
      const fewer = [...layers.slice(0, from), layerOfBytes(from, made)]
      expect(await wholeTreeLines(fewer)).toEqual(await wholeTreeLines(layers))
    }),
    { numRuns: 300 },
  )
})

test('a squashed layer hides only what stands below it, and links only to what it holds', async () => {
  await fc.assert(
    fc.asyncProperty(entangledLayers, fc.nat(3), async (all, place) => {
      const layers = layersOf(...all)
      const from = Math.min(place, layers.length - 1)
      const below = new Set((await wholeTreeLines(layers.slice(0, from))).map((line) => line.split(' | ')[0]))
      const seen = new Set<string>()
      for (const { path, type, linkPath } of decode(await squashed(layers, from)).entries) {
        expect(path).not.toContain('.wh..wh.')
        if (path.includes('.wh.')) expect(below).toContain(path.replace('.wh.', ''))
        if (type === 'hardlink') expect(seen).toContain(linkPath)
        expect(seen).not.toContain(path)
        seen.add(path)
      }
    }),
    { numRuns: 200 },
  )
})
