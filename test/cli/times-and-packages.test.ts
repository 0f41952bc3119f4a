import { writeFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { dockerSave, packed } from '../support/archives.js'
import { testFolder } from '../support/folder.js'
import { file, layerTar } from '../support/layers.js'
import { run } from './run.js'

const STATUS = 'Package: curl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 7.88-1\n'
const at = testFolder()
beforeAll(async () => {
  const layers = [[file('var/lib/dpkg/status', { content: STATUS })], [file('srv/node_modules/a/package.json')]]
  await writeFile(at('app.tar'), packed(dockerSave({ names: ['app:1'], layers: layers.map(layerTar) })))
})
const go = (line: string, SOURCE_DATE_EPOCH = '') =>
  run(line.split(' '), { cwd: at(), environment: { SOURCE_DATE_EPOCH } })

describe('imgtar retime', () => {
  test('takes the time that later ones become from SOURCE_DATE_EPOCH, unless it is told', async () => {
    const asked = async (line: string, epoch?: string) => {
      const { exitCode, stdout } = await go(`retime app.tar ${line} -o out.tar --dry-run --json`, epoch)
      expect(exitCode).toBe(0)
      const { to, which } = (JSON.parse(stdout) as { retimed: { to: string; which: string } }).retimed
      return `${which} ${to}`
    }
    expect(await asked('--from 0', '1000000000')).toBe('later 2001-09-09T01:46:40Z')
    expect(await asked('--clamp 2002-01-01T01:00:00+01:00', '1000000000')).toBe('later 2002-01-01T00:00:00Z')
    expect(await asked('--set 5', '1000000000')).toBe('all 1970-01-01T00:00:05Z')
  })

  test.each([
    ['retime app.tar -o out.tar', 'say which time: --clamp TIME, --set TIME or SOURCE_DATE_EPOCH'],
    ['retime app.tar --set 0 --clamp 0 -o out.tar', '--clamp and --set exclude each other'],
    ['retime app.tar --set never -o out.tar', '--set wants a time as 2026-01-02T03:04:05Z'],
    ['retime app.tar --set 0 --from 2 -o out.tar', 'there is no layer 2 to begin with'],
  ])('refuses %s', async (line, message) => {
    const { exitCode, stderr } = await go(line)
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)])
  })
})

describe('imgtar packages', () => {
  test('lists them, as a bill of materials too', async () => {
    expect((await go('packages app.tar')).stdout).toBe(
      'app.tar: 1 package\n\nMANAGER  NAME  VERSION  ARCH   LAYER\ndpkg     curl  7.88-1   amd64  0\n',
    )
    const { exitCode, stdout } = await go('packages app.tar --report cyclonedx')
    expect([exitCode, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ bomFormat: 'CycloneDX' })])
  })

  test('lists those of some managers, or as of a layer, and knows no others', async () => {
    expect((await go('packages app.tar --manager python,npm')).stdout).toBe('app.tar: 0 packages\n')
    expect((await go('packages app.tar --as-of 0')).stdout).toContain('1 package\n')
    for (const [line, message] of [
      ['packages app.tar --manager pip', "--manager wants some of dpkg, apk, rpm, python, npm, not 'pip'"],
      ['packages app.tar --report html', "--report is one of text, json, cyclonedx, not 'html'"],
      ['verify app.tar --report cyclonedx', "not 'cyclonedx'"],
    ] as const) {
      const { exitCode, stderr } = await go(line)
      expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)])
    }
  })
})
