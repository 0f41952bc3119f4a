import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dockerSave, packed } from '../support/archives.js'
import { layerTar } from '../support/layers.js'
import { BIN } from './run.js'

const first = layerTar([{ path: 'etc/name', content: 'first' }])
const second = layerTar([{ path: 'etc/name', content: 'second' }])

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imgtar-pipes-'))
  await writeFile(join(folder, 'a.tar'), packed(dockerSave({ names: ['a:1'], layers: [first] })))
  await writeFile(join(folder, 'b.tar'), packed(dockerSave({ names: ['b:1'], layers: [second] })))
  await writeFile(join(folder, 'rootfs.tar'), first)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A line of bash, in which $I is imgtar. */
function bash(line: string): { code: number | null; stdout: string; stderr: string } {
  const I = `${process.execPath} ${BIN}`
  const { status, stdout, stderr } = spawnSync('bash', ['-c', line], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, I },
    timeout: 60_000,
  })
  return { code: status, stdout, stderr }
}

// No bash, no process substitution.
describe.skipIf(spawnSync('bash', ['-c', 'true']).status !== 0)('what comes down a pipe', () => {
  test('is proved where the shell names it as a file', () => {
    const { code, stdout } = bash('$I verify <(cat a.tar) <(gzip -c b.tar)')
    expect(stdout).toContain('2 archives: 2 whole')
    expect(code).toBe(0)
  })

  test('is proved and asked of engines from one reading', () => {
    const { code, stdout } = bash('$I verify --for docker-28 <(cat a.tar)')
    expect(stdout).toMatch(/: whole: 1 image.*\n\s+docker-28\s+accepted .* a:1/)
    expect(code).toBe(0)
  })

  test('is compared with what comes down another', () => {
    const { code, stdout } = bash('$I diff --json <(cat a.tar) <(cat b.tar)')
    expect(JSON.parse(stdout)).toMatchObject({ equal: false, files: [{ path: '/etc/name', change: 'modified' }] })
    expect(code).toBe(1)
  })

  test('is imported, and its bytes are the layer', () => {
    expect(bash('$I import <(cat rootfs.tar) -t a:1 -o made.tar').code).toBe(0)
    expect(bash('$I diff made.tar rootfs.tar').code).toBe(0)
  })

  test('is a FIFO of the file system as well', () => {
    expect(bash('mkfifo f && (cat a.tar > f &) && $I verify f').code).toBe(0)
  })

  test('of standard input can be had only once, and that is said', () => {
    const { code, stderr } = bash('cat a.tar | $I diff - -')
    expect(stderr).toContain('standard input can be read only once')
    expect(code).toBe(2)
  })
})
