import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chunksOf, fileSource, type OpenSource } from '../../src/bytes/source.js'
import { runContext } from '../../src/context.js'
import type { Layer } from '../../src/model/image.js'
import { readLayers, type LayerToRead } from '../../src/tree/contents-pool.js'
import { layerOfBytes } from '../support/layers.js'
import { headerBlock, member, tarOf } from '../support/tar-blocks.js'

const context = runContext({ concurrency: 2 })
const SIZE = 40 * 1024 * 1024

let directory = ''
const sources: OpenSource[] = []

/** A layer in a file, with holes for its content; two of them are work enough for threads. */
async function largeLayer(index: number): Promise<Layer> {
  const path = join(directory, `${index}.tar`)
  const file = await open(path, 'w')
  await file.write(headerBlock({ name: 'large', size: SIZE }))
  await file.truncate(512 + SIZE + 1024)
  await file.close()
  const blob = await fileSource(path)
  sources.push(blob)
  return { index, state: 'stored', path, claims: {}, blob, tar: ({ signal }) => chunksOf(blob, signal) }
}

const large: Layer[] = []

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imgtar-contents-'))
  large.push(await largeLayer(0), await largeLayer(1))
})
afterAll(async () => {
  for (const source of sources) await source[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

const believed = layerOfBytes(2, tarOf(member({ name: 'a' }, 'content'), member({ name: 'b', type: '5' })))

function reading(layer: Layer, told: string[], more: Partial<LayerToRead> = {}): LayerToRead {
  const onEntry = (entry: { readonly rawPath: Uint8Array }, hash: Uint8Array | undefined) =>
    void told.push(`${new TextDecoder().decode(entry.rawPath)} ${hash?.length ?? 'unhashed'}`)
  return { layer, hashes: true, handlers: { onEntry }, ...more }
}

const trusted = { hashes: false, isTrusted: true, ...(believed.blob && { twin: believed.blob }) }

test('threads hash what is large while headers are read here; the answers come in order', async () => {
  const told: string[][] = [[], [], []]
  const items = [...large, believed].map((layer, at) => reading(layer, told[at] ?? [], at === 2 ? trusted : {}))
  const read = await readLayers(items, context)
  expect(told).toEqual([['large 32'], ['large 32'], ['a unhashed', 'b unhashed']])
  expect(read.map(({ diffSize, twinIsSame }) => [diffSize, twinIsSame])).toEqual([
    [512 + SIZE + 1024, false],
    [512 + SIZE + 1024, false],
    [believed.blob?.size, true],
  ])
  expect(read[0]?.diffID).toBe(read[1]?.diffID)
})

test('what goes wrong here ends the threads, and is what is told', async () => {
  const fails = reading(believed, [], {
    ...trusted,
    handlers: {
      onEntry: () => {
        throw new RangeError('too deep')
      },
    },
  })
  const items = [...large.map((layer) => reading(layer, [])), fails]
  await expect(readLayers(items, context)).rejects.toThrow(new RangeError('too deep'))
})

test('what goes wrong in a thread ends the reading', async () => {
  const [one, two] = large
  const blob = two?.blob && { ...two.blob, place: { file: join(directory, 'gone.tar'), offset: 0 } }
  const gone = two && blob && { ...two, blob }
  const items = [one, gone].flatMap((layer) => (layer === undefined ? [] : [reading(layer, [])]))
  await expect(readLayers(items, context)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
})

test('an interruption ends all', async () => {
  const items = large.map((layer) => reading(layer, []))
  const read = (signal: AbortSignal) => readLayers(items, { ...context, signal })
  const aborted = { code: 'ERR_ABORTED' }
  // While it looks at what there is, and, mostly, while threads read.
  await expect(read(AbortSignal.abort())).rejects.toMatchObject(aborted)
  await expect(read(AbortSignal.timeout(5))).rejects.toMatchObject(aborted)
})
