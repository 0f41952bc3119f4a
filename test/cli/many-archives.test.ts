import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import type { VerifyReport } from '../../src/model/report.js'
import { latin1 } from '../../src/tar/path.js'
import { testFolder } from '../support/folder.js'
import { dockerArchive, layerOf } from './images.js'
import { run } from './run.js'

const inFolder = testFolder()
const noise = latin1(randomBytes(9 * 1024 * 1024))
const large = dockerArchive({ names: ['large:1'], layers: [layerOf('noise', noise)] })
const zeros = `sha256:${'0'.repeat(64)}`
const damaged = dockerArchive({ names: ['bad:1'], layers: [{ ...layerOf('a', 'a'), claimed: zeros }] })

beforeAll(async () => {
  await mkdir(inFolder('dir'))
  await writeFile(inFolder('dir/1-large.tar'), large)
  await writeFile(inFolder('dir/2-damaged'), damaged)
  await writeFile(inFolder('dir/3-large'), large)
  await writeFile(inFolder('dir/4-noise.tar'), 'noise')
  await writeFile(inFolder('dir/readme.txt'), 'hello')
})

const linesOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

describe.each([1, 2])('verify --jobs %d of a directory and a pipe', (jobs) => {
  test('tells each archive on a line, then the summary, and ends with the worst', async () => {
    const args = ['verify', '--jobs', String(jobs), '--report', 'ndjson', 'dir', '-']
    const { exitCode, stdout } = await run(args, { cwd: inFolder(), stdin: damaged })
    const lines = linesOf(stdout)
    expect(exitCode).toBe(2)
    const told = lines.slice(0, -1).map(({ archive, ok }) => [archive, ok])
    expect(told.sort()).toEqual([
      ['-', false],
      ['dir/1-large.tar', true],
      ['dir/2-damaged', false],
      ['dir/3-large', true],
      ['dir/4-noise.tar', false],
    ])
    expect(lines.at(-1)).toMatchObject({ schema: 'imgtar/verify-summary/v1', ok: false })
    expect(lines.at(-1)?.summary).toMatchObject({ archives: 5, passed: 2, failed: 2, unreadable: 1 })
  })

  test('reports in the order of the names, whichever is done first', async () => {
    const { stdout } = await run(['verify', '--jobs', String(jobs), '--json', 'dir'], { cwd: inFolder() })
    const { archives } = JSON.parse(stdout) as VerifyReport
    expect(archives.map(({ archive }) => archive)).toEqual([
      'dir/1-large.tar',
      'dir/2-damaged',
      'dir/3-large',
      'dir/4-noise.tar',
    ])
    expect(archives[1]?.findings.map(({ code }) => code)).toContain('DIFFID_MISMATCH')
  })
})

describe('reports', () => {
  test('go to several places at once, and the exit code is the same', async () => {
    const reports = ['--report', 'text', '--report', 'sarif=out.sarif', '--report', 'junit=out.xml']
    const { exitCode, stdout } = await run(['verify', ...reports, 'dir/2-damaged'], { cwd: inFolder() })
    expect(exitCode).toBe(1)
    expect(stdout).toMatch(/^dir\/2-damaged: 1 error/)
    expect(JSON.parse(await readFile(inFolder('out.sarif'), 'utf8'))).toMatchObject({ version: '2.1.0' })
    expect(await readFile(inFolder('out.xml'), 'utf8')).toContain('failures="1"')
  })

  test('in files come with text on stdout, unless that is to be quiet', async () => {
    const settings = { cwd: inFolder() }
    expect((await run(['verify', '--report', 'json=a.json', 'dir/2-damaged'], settings)).stdout).toContain('1 error')
    expect((await run(['verify', '-q', '--report', 'json=b.json', 'dir/2-damaged'], settings)).stdout).toBe('')
    expect(JSON.parse(await readFile(inFolder('b.json'), 'utf8'))).toMatchObject({ ok: false })
  })

  test.each([
    [['--report', 'pdf'], '--report is one of text, json, ndjson, junit, sarif, github, markdown, html'],
    [['--report', 'junit='], 'names no file'],
    [['--report', 'text', '--json'], 'two reports for standard output'],
    [['--report', 'json=x', '--report', 'junit=x'], "two reports for 'x'"],
    [['--allow', 'DIFFID'], 'there are DIFFID_MISMATCH'],
  ])('%s is bad usage', async (args, message) => {
    const { exitCode, stderr } = await run(['verify', ...args, 'dir/2-damaged'], { cwd: inFolder() })
    expect(exitCode).toBe(2)
    expect(stderr).toContain(message)
  })

  test('that cannot be written are trouble', async () => {
    const { exitCode, stderr } = await run(['verify', '--report', 'junit=no/such/dir.xml', 'dir/1-large.tar'], {
      cwd: inFolder(),
    })
    expect(exitCode).toBe(2)
    expect(stderr).toContain('no/such/dir.xml')
  })
})
