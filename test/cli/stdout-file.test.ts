import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dockerSave, packed } from '../support/archives.js'
import { layerTar } from '../support/layers.js'
import { BIN } from './run.js'

// Several pieces of half a megabyte, and no whole number of them.
const CONTENT = Buffer.from(Array.from({ length: 200_000 }, (_, index) => `line ${index}\n`).join(''))

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imgtar-stdout-'))
  const layer = layerTar([{ path: 'log', content: CONTENT.toString() }])
  await writeFile(join(folder, 'a.tar'), packed(dockerSave({ names: ['a:1'], layers: [layer] })))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A line of bash, in which $I is imgtar. */
function bash(line: string): { code: number | null; stderr: string } {
  const env = { ...process.env, I: `${process.execPath} ${BIN}` }
  const { status, stderr } = spawnSync('bash', ['-c', line], { cwd: folder, encoding: 'utf8', env, timeout: 30_000 })
  return { code: status, stderr }
}
const written = (name: string): Promise<Buffer> => readFile(join(folder, name))

describe.skipIf(spawnSync('bash', ['-c', 'true']).status !== 0)('standard output that is a file', () => {
  test('gets the same bytes as a file that is named', async () => {
    expect(bash('$I export -q a.tar -o named && $I export -q a.tar -o - > shell').code).toBe(0)
    expect(await written('shell')).toEqual(await written('named'))
  })

  test('is written from where it stands on, and goes on behind', async () => {
    expect(bash('(echo before; $I cat a.tar /log; echo behind) > shared').code).toBe(0)
    expect((await written('shared')).toString()).toBe(`before\n${CONTENT.toString()}behind\n`)
  })

  test('is added to where the shell says so', async () => {
    expect(bash('echo before > added; $I cat a.tar /log >> added; echo behind >> added').code).toBe(0)
    expect((await written('added')).toString()).toBe(`before\n${CONTENT.toString()}behind\n`)
  })

  test('and cannot grow as far is trouble', async () => {
    const { code, stderr } = bash('ulimit -f 1000; $I export -q a.tar -o - > short')
    expect(stderr).toBe('imgtar: -: file too large (ERR_OUTPUT)\n')
    expect(code).toBe(2)
    expect((await stat(join(folder, 'short'))).size).toBe(1000 * 1024)
  })
})
