import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { buildImage, removeImages } from './image.js'
import { oddArchive } from './odd-image.js'
import { docker, ENGINES, imgtar, workFolder } from './support.js'

const report = z.object({
  equal: z.boolean(),
  files: z.array(z.object({ path: z.string(), change: z.string(), fields: z.record(z.string(), z.unknown()) })),
  notCompared: z.array(z.object({ what: z.string() })),
  a: z.object({ rootfsDigest: z.string(), entries: z.number() }),
  b: z.object({ rootfsDigest: z.string(), entries: z.number() }),
})

function diffWithExport(image: string, exported: string): z.infer<typeof report> {
  const { stdout } = imgtar('diff', image, exported, '--profile', 'docker-export', '--json')
  return report.parse(JSON.parse(stdout))
}

describe.each(ENGINES)('$name', (engine) => {
  const name = `imgtar-diff-test:${String(process.pid)}`
  const odd = `imgtar-diff-odd:${String(process.pid)}`
  const work = workFolder()

  function exportOf(image: string, to: string): void {
    const container = docker(engine, 'create', image, '/none').trim()
    docker(engine, 'export', '-o', to, container)
    docker(engine, 'rm', container)
  }

  beforeAll(() => {
    if (engine.host === '') return
    buildImage(engine, name, 'diff')
    oddArchive(join(work.path, 'odd-in.tar'), odd)
    docker(engine, 'load', '-q', '-i', join(work.path, 'odd-in.tar'))
  }, 240_000)

  afterAll(() => {
    if (engine.host !== '') removeImages(engine, name, odd)
    work.remove()
  })

  test.skipIf(engine.host === '').each([
    ['a built image', name],
    ['an image of odd layers', odd],
  ])(
    'exports %s as the tree that imgtar makes of its layers',
    (_, image) => {
      const [saved, exported] = [join(work.path, 'saved.tar'), join(work.path, 'exported.tar')]
      docker(engine, 'save', '-o', saved, image)
      exportOf(image, exported)
      const { equal, files, a, b } = diffWithExport(saved, exported)
      expect(files).toEqual([])
      expect(equal).toBe(true)
      expect(a.entries).toBeGreaterThan(5)
      expect(a.rootfsDigest).toBe(b.rootfsDigest)
    },
    240_000,
  )
})
