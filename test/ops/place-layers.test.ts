import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { digestOf } from '../../src/bytes/digest.js'
import { fileOutput, nullOutput } from '../../src/bytes/output.js'
import { runContext } from '../../src/context.js'
import { openArchive } from '../../src/formats/index.js'
import { openSink, writeImages } from '../../src/formats/write/index.js'
import { prepareImages } from '../../src/ops/prepare.js'
import { assemble } from '../../src/ops/tar-split.js'
import { verify } from '../../src/ops/verify.js'
import type { SplitAssembly } from '../../src/tar/split-assembly.js'
import { dataRoot, type RootFixture } from '../support/data-root.js'
import { freshFolder } from '../support/folder.js'
import { member, tarOf } from '../support/tar-blocks.js'

const LARGE = 9 * 1024 * 1024
const contentOf = (seed: number) => String.fromCharCode(...[0, 1, 2, 3].map((at) => 65 + seed + at)).repeat(LARGE / 4)
const BASE = tarOf(member({ name: 'd/', type: '5' }), member({ name: 'd/one' }, contentOf(3)))
const TOP = tarOf(member({ name: 'two' }, contentOf(7)), member({ name: 'link', type: '2', link: 'two' }))
const BOTH = tarOf(member({ name: 'one' }, contentOf(5)), member({ name: 'two' }, contentOf(11)))
const TARGET = { format: 'docker-archive', layout: 'universal' } as const

let root: RootFixture
const inFolder = freshFolder()
beforeEach(() => {
  root = dataRoot()
  root.image(['web:1'], BASE, TOP)
  for (const layers of [[BASE], [BASE, TOP]]) writeFileSync(join(root.record(...layers), 'size'), String(LARGE))
})
afterEach(() => {
  root[Symbol.dispose]()
})

async function save(path: string, concurrency: number) {
  const context = runContext({ concurrency })
  await using archive = await openArchive(root.path, context, { transport: 'docker-root' })
  await using sink = await openSink(TARGET, { path, force: false })
  const options = { compress: 'keep', holds: new Set(['none'] as const), staging: sink } as const
  await writeImages(sink, { images: await prepareImages(archive.images, options, context) }, TARGET, context)
  return await sink.commit()
}

describe('layers that are put together side by side', () => {
  test('make the archive that one thread makes', async () => {
    const [one, two] = [inFolder('one.tar'), inFolder('two.tar')]
    expect(await save(two, 2)).toBe(await save(one, 1))
    expect(readFileSync(two).equals(readFileSync(one))).toBe(true)
    await using archive = await openArchive(two, runContext())
    expect((await verify(archive)).findings).toEqual([])
  })

  test('leave no archive where a file is not as it was', async () => {
    const file = join(root.diff(TOP), 'two')
    writeFileSync(file, readFileSync(file).fill(1, 5, 6))
    await expect(save(inFolder('x.tar'), 2)).rejects.toMatchObject({ code: 'ERR_DIGEST' })
    rmSync(file)
    await expect(save(inFolder('x.tar'), 2)).rejects.toMatchObject({ code: 'ERR_DIGEST' })
    expect(() => readFileSync(inFolder('x.tar'))).toThrow('ENOENT')
  })
})

describe('a layer of its own that is put together', () => {
  const assemblyOf = (): SplitAssembly => {
    root.image(['both:1'], BOTH)
    const file = join(root.record(BOTH), 'tar-split.json.gz')
    const sidecar = { file, offset: 0, size: readFileSync(file).length }
    return { location: file, sidecar, files: { kind: 'directory', directory: root.diff(BOTH), base: '' } }
  }

  test('is the tar, and has its digest', async () => {
    const path = inFolder('layer.tar')
    await using output = await fileOutput(path, { force: false })
    const totals = await assemble(assemblyOf(), output, runContext({ concurrency: 2 }))
    await output.commit()
    expect(totals).toMatchObject({ bytes: BOTH.length, digest: digestOf(BOTH), faults: [] })
    expect(readFileSync(path).equals(BOTH)).toBe(true)
  })

  test('that is interrupted leaves nothing', async () => {
    const stop = new AbortController()
    const interrupted = async () => {
      await using output = await fileOutput(inFolder('layer.tar'), { force: false })
      const onProgress = ({ done }: { done: number }) => {
        if (done > LARGE) stop.abort()
      }
      await assemble(assemblyOf(), output, runContext({ concurrency: 2, signal: stop.signal, onProgress }))
    }
    await expect(interrupted()).rejects.toMatchObject({ code: 'ERR_ABORTED' })
    expect(readdirSync(inFolder())).toEqual([])
  })

  test.each([1, 2])('names every file that differs, with %i threads', async (concurrency) => {
    const assembly = assemblyOf()
    writeFileSync(join(root.diff(BOTH), 'one'), contentOf(5).replace('F', 'X'))
    rmSync(join(root.diff(BOTH), 'two'))
    await using output = concurrency === 1 ? nullOutput('-') : await fileOutput(inFolder('x'), { force: false })
    const { faults } = await assemble(assembly, output, runContext({ concurrency }))
    expect(faults.map(({ problem }) => problem)).toEqual(['content', 'missing'])
    expect(faults[0]).toMatchObject({ size: LARGE, actualSize: LARGE })
  })
})
