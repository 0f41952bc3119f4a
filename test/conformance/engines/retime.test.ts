import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { inspectImage, removeImages } from './image.js'
import { docker, ENGINES, imgtar, imgtarJson, workFolder } from './support.js'

const DOCKERFILE = [
  'FROM scratch',
  'ENV A=1',
  'COPY d /d',
  'COPY late /late',
  `LABEL imgtar-test=${String(process.pid)}`,
  'CMD ["/d/f"]',
].join('\n')

for (const engine of ENGINES) {
  describe.skipIf(engine.host === '')(`two builds of one Dockerfile by ${engine.name}`, () => {
    const work = workFolder()
    const at = (file: string): string => join(work.path, file)
    const name = `imgtar-retime-${String(process.pid)}:1`
    afterAll(() => {
      removeImages(engine, name)
      work.remove()
    })

    /** Builds from files of that time, and gives the archive that docker saves. */
    const built = (file: string, seconds: number): string => {
      const context = at(`context-${file}`)
      mkdirSync(join(context, 'd'), { recursive: true })
      writeFileSync(join(context, 'Dockerfile'), DOCKERFILE)
      writeFileSync(join(context, 'd/f'), 'the same in both', { mode: 0o755 })
      writeFileSync(join(context, 'late'), 'too')
      for (const path of ['d/f', 'd', 'late']) utimesSync(join(context, path), seconds, seconds)
      docker(engine, 'build', '--no-cache', '-q', '--network', 'none', '-t', name, context)
      docker(engine, 'save', '-o', at(file), name)
      return at(file)
    }

    test('are one image when their times and their builders are forgotten', () => {
      const archives = [built('first.tar', 1_600_000_000), built('second.tar', 1_700_000_000)]
      expect(imgtar('diff', '-q', ...archives).status).toBe(1)
      const [first, second] = archives.map((archive, index) => {
        const out = at(`out-${String(index)}.tar`)
        const report = imgtarJson('retime', archive, '--set', '2020-01-01T00:00:00Z', '--forget-builder', '-o', out)
        return { bytes: readFileSync(out), out, report: report as { images: { imageID: string; digest: string }[] } }
      })
      if (first === undefined || second === undefined) throw new Error('two archives')
      expect(second.bytes.equals(first.bytes)).toBe(true)
      docker(engine, 'load', '-i', first.out)
      const [image] = first.report.images
      const { Id, Created } = inspectImage(engine, name)
      expect(Id).toBe(engine.store === 'classic' ? image?.imageID : image?.digest)
      expect(Created).toBe('2020-01-01T00:00:00Z')
    })
  })
}
