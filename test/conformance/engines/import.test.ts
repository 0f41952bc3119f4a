import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { WRITTEN_SCHEMAS } from '../../../src/model/report-written.js'
import { layerTar } from '../../support/layers.js'
import { buildImage, removeImages } from './image.js'
import { docker, ENGINES, imgtar, imgtarJson, workFolder } from './support.js'

const image = z.object({
  Id: z.string(),
  Comment: z.string(),
  Created: z.string(),
  Architecture: z.string(),
  Os: z.string(),
  Config: z.record(z.string(), z.unknown()),
  RootFS: z.object({ Layers: z.array(z.string()) }),
})

/** Changes, each list one import. */
const CHANGES: readonly (readonly string[])[] = [
  [],
  ['CMD ["/bin/app"]', 'ENV A=1 B="two words" C=$A/x', 'expose 80 8000-8002/udp', 'WORKDIR rel', 'WORKDIR sub'],
  ['LABEL a=b "c d"="e f"', 'VOLUME /data ["x"]', 'USER app', 'ENTRYPOINT sh -c x', 'ONBUILD RUN echo  hi'],
  ['HEALTHCHECK --interval=1m30s --retries=3 CMD curl -f x || exit 1'],
  ['HEALTHCHECK NONE', 'CMD echo "a  b" $X'],
  ['CMD ["c"]', 'ENTRYPOINT ["e"]', 'ENV PATH=/x:${PATH:-/dflt} N=${NONE} P=${A:+y}'],
  ['ENV A=1 \\\n# comment\n\n  B=2', 'WORKDIR a/../b/', 'WORKDIR c/'],
  ['ENV A two words', 'ENV Q=\'$A\' R=\\$A S="\\$A \\z" T=a\\ b', 'LABEL k=$A n$A=1'],
  ['ENV P="80 443"', 'EXPOSE $P 9/SCTP', 'VOLUME /a /b', 'VOLUME ["/c d"]', 'USER 1:2'],
  ['CMD', 'ENTRYPOINT []', 'CMD [not json]'],
  ['LABEL <x>="&"', 'ENV U=ü'],
]
// Docker up to 26 takes the array and drops what is behind it.
const CHANGES_OF_28: typeof CHANGES = [['CMD ["a", "b"] behind']]

const REFUSED = [
  'RUN x',
  'ENV A',
  'ENV A=1 B',
  'ENV =1',
  'EXPOSE 99999',
  'EXPOSE 80/xyz',
  'HEALTHCHECK CMD',
  'HEALTHCHECK RUN x',
  'HEALTHCHECK --interval=1us CMD x',
  'USER',
  'ONBUILD ONBUILD RUN x',
  'CMD ["a", 1]',
  '# nothing',
  'VOLUME [""]',
  'USER --x y',
]

for (const engine of ENGINES.filter(({ store }) => store === 'classic')) {
  describe.skipIf(engine.host === '')(`what ${engine.name} imports`, () => {
    const work = workFolder()
    const [theirs, ours] = ['theirs', 'ours'].map((name) => `imgtar-test-import-${String(process.pid)}/${name}:1`) as [
      string,
      string,
    ]
    const rootfs = join(work.path, 'rootfs.tar')
    beforeAll(() => writeFileSync(rootfs, layerTar([{ path: 'bin/app', content: '#!' }])))
    afterAll(() => work.remove())

    const inspect = (name: string) =>
      image.parse(JSON.parse(docker(engine, 'image', 'inspect', '--format', '{{json .}}', name)))
    const flags = (changes: readonly string[]) => changes.flatMap((change) => ['-c', change])

    test.each(
      [...CHANGES, ...(engine.name === 'docker 28.5' ? CHANGES_OF_28 : [])].map(
        (changes) => [changes.join(' | '), changes] as const,
      ),
    )('is what imgtar imports: %s', (_, changes) => {
      const out = join(work.path, 'out.tar')
      docker(engine, 'import', ...flags(changes), rootfs, theirs)
      const report = WRITTEN_SCHEMAS.import.parse(
        imgtarJson('import', rootfs, '-t', ours, '-f', '-o', out, ...flags(changes)),
      )
      docker(engine, 'load', '-i', out)
      try {
        const [expected, actual] = [inspect(theirs), inspect(ours)]
        expect(actual.Id).toBe(report.images[0]?.imageID)
        expect(actual).toEqual({ ...expected, Id: actual.Id, Created: actual.Created })
      } finally {
        docker(engine, 'rmi', '-f', theirs, ours)
      }
    })

    test.each(REFUSED)('refuses what imgtar refuses: %s', (change) => {
      const out = join(work.path, 'refused.tar')
      expect(() => docker(engine, 'import', '-c', change, rootfs)).toThrow()
      expect(imgtar('import', rootfs, '-o', out, '-c', change)).toMatchObject({ status: 2 })
      expect(existsSync(out)).toBe(false)
    })

    test('an exported container runs again from what was imported', () => {
      const built = `imgtar-test-import-${String(process.pid)}/built:1`
      const [exported, out] = [join(work.path, 'exported.tar'), join(work.path, 'again.tar')]
      buildImage(engine, built, 'again')
      try {
        const container = docker(engine, 'create', '--network', 'none', built).trim()
        docker(engine, 'export', '-o', exported, container)
        docker(engine, 'rm', container)
        imgtarJson('import', exported, '-t', ours, '-f', '-o', out, '-c', 'CMD ["/bin/busybox", "cat", "/tree/d/c"]')
        docker(engine, 'load', '-i', out)
        expect(docker(engine, 'run', '--rm', '--network', 'none', ours)).toBe('new\n')
      } finally {
        removeImages(engine, built)
        docker(engine, 'rmi', '-f', ours)
      }
    })
  })
}
