import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { inspectSchema } from '../../../src/model/report.js'
import { exportedEntries } from '../../support/exported.js'
import { CORPUS, hasCorpus } from '../corpus.js'
import { docker, ENGINES, imgtar, workFolder } from './support.js'

const samples = join(import.meta.dirname, '../../../samples')
const archivesIn = (folder: string, pattern: RegExp) =>
  readdirSync(folder).flatMap((name) => (pattern.test(name) ? [join(folder, name)] : []))

const archives = [
  ...archivesIn(samples, /^(?:app|bundle|busybox).*\.tar(?:\.gz)?$/),
  ...(hasCorpus
    ? ['images', 'local', 'pairs'].flatMap((name) => archivesIn(join(CORPUS, name), /\.tar(?:\.\w+)?$/))
    : []),
]

// One engine that writes headers as imgtar does; the others are asked about the hard cases.
for (const engine of ENGINES.filter(({ name }) => name === 'docker 28.5')) {
  describe.skipIf(engine.host === '')(`imgtar export and ${engine.name} give the same bytes`, () => {
    const name = `imgtar-flat-corpus-${String(process.pid)}`
    const work = workFolder()
    const at = (file: string) => join(work.path, file)
    afterAll(() => work.remove())

    /** How many images an archive holds; none where it is no image archive. */
    const imagesIn = (archive: string): number => {
      const { stdout } = imgtar('inspect', archive, '--json')
      const report = inspectSchema.safeParse(stdout === '' ? undefined : JSON.parse(stdout))
      return report.success && report.data.format !== 'rootfs' ? report.data.images.length : 0
    }

    /** Gives one image to the daemon under a name of our own; what stood in the way, where something did. */
    const given = (operand: string): string | undefined => {
      const saved = imgtar('save', operand, '-o', at('one.tar'), '--force')
      if (saved.status !== 0) return saved.stderr
      expect(imgtar('tag', at('one.tar'), `${name}:1`, '--only', '-o', at('named.tar'), '--force').status).toBe(0)
      try {
        docker(engine, 'load', '-i', at('named.tar'))
        docker(engine, 'create', '--name', name, '--network', 'none', `${name}:1`, '/nothing')
      } catch (error) {
        return String(error)
      }
      return undefined
    }

    test.each(archives)('of %s', (archive) => {
      const count = imagesIn(archive)
      for (let index = 0; index < count; index++) {
        const operand = `${archive}:@${String(index)}`
        const obstacle = given(operand)
        if (obstacle !== undefined) {
          console.log(`${operand}: not compared: ${obstacle.replace(/\s+/g, ' ').slice(-160)}`)
          continue
        }
        try {
          docker(engine, 'export', '-o', at('docker.tar'), name)
          expect(imgtar('export', operand, '-o', at('imgtar.tar'), '--force').status).toBe(0)
          const theirs = exportedEntries(readFileSync(at('docker.tar')))
          expect(exportedEntries(readFileSync(at('imgtar.tar')))).toEqual(theirs)
        } finally {
          docker(engine, 'rm', '-f', name)
          docker(engine, 'rmi', '-f', `${name}:1`)
        }
      }
    })
  })
}
