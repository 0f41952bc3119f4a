import { spawnSync } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { dockerSave, packed, PLAIN } from '../support/archives.js'
import { freshFolder } from '../support/folder.js'
import { BIN, interruptWhen, run, type Run } from './run.js'

const whole = packed(dockerSave(PLAIN))
const damaged = whole.slice()
damaged[Buffer.from(damaged.buffer).indexOf('two\n')] = 0x54
const at = freshFolder()
beforeEach(() => writeFile(at('app.tar'), whole))
const verify = (stdin: Uint8Array, ...more: string[]): Promise<Run> => {
  return run(['verify', '-', ...more], { cwd: at(), stdin })
}
const copy = () => readFile(at('copy.tar'))

describe('what verify reads from a pipe is kept', () => {
  test.each([
    ['a whole archive', whole, 0, 'whole'],
    ['a damaged one', damaged, 1, 'DIFFID_MISMATCH'],
    ['a cut one', whole.slice(0, -3000), 2, 'ARCHIVE_TRUNCATED'],
    // Much longer than what tells that it is none.
    ['what is none', new Uint8Array(5_000_000).fill(0x61), 2, 'ERR_NOT_ARCHIVE'],
  ])('%s, byte for byte', async (_, bytes, code, words) => {
    const { exitCode, stdout } = await verify(bytes, '--tee', 'copy.tar')
    expect(stdout).toContain(words)
    expect(stdout).toMatch(/^kept copy\.tar: /m)
    expect(exitCode).toBe(code)
    expect((await copy()).equals(bytes)).toBe(true)
  })

  test('in one reading with the answers of engines, and told in JSON', async () => {
    const { exitCode, stdout } = await verify(whole, '--tee=copy.tar', '--for', 'docker-28', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, copy: { path: 'copy.tar', size: whole.length } })
    expect(exitCode).toBe(0)
    expect((await copy()).equals(whole)).toBe(true)
  })

  test('and replaces what is there only with --force', async () => {
    await writeFile(at('copy.tar'), 'before')
    const refused = await verify(whole, '--tee', 'copy.tar')
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
    expect(refused.stderr).toContain('ERR_OUTPUT')
    expect((await copy()).toString()).toBe('before')
    expect(await verify(whole, '--tee', 'copy.tar', '--force')).toMatchObject({ exitCode: 0 })
    expect((await copy()).equals(whole)).toBe(true)
  })
})

describe('nothing is kept', () => {
  const left = async () => (await readdir(at())).filter((name) => name !== 'app.tar')

  test.each([
    ['of a file', ['verify', 'app.tar', '--tee', 'copy.tar'], "'app.tar' stays where it is"],
    ['of several archives', ['verify', '-', 'app.tar', '--tee', 'copy.tar'], '--tee is for one archive'],
    ['without --tee', ['verify', 'app.tar', '--force'], '--force is for the file of --tee'],
    ['on standard output', ['verify', '-', '--tee', '-'], '--tee names a file'],
    ['where a report goes', ['verify', '-', '--tee', 'c.tar', '--report=json=./c.tar'], "would replace 'c.tar'"],
  ])('%s, and the command line is refused', async (_, args, words) => {
    const { exitCode, stdout, stderr } = await run(args, { cwd: at(), stdin: whole })
    expect(stderr).toContain(words)
    expect([exitCode, stdout]).toEqual([2, ''])
    expect(await left()).toEqual([])
  })

  test('of a pipe that an interruption ends', async () => {
    const interrupt = interruptWhen(left)
    const ended = await run(['verify', '-', '--tee', 'copy.tar'], {
      cwd: at(),
      meanwhile(child) {
        child.stdin?.write(whole.subarray(0, 2048))
        interrupt(child)
      },
    })
    expect(ended.exitCode).toBe(130)
    expect(await left()).toEqual([])
  })

  test.skipIf(process.platform === 'win32')('where it would go into the very pipe that is read', () => {
    expect(spawnSync('mkfifo', [at('pipe')]).status).toBe(0)
    const script = 'cat app.tar > pipe & "$0" "$1" verify pipe --tee ./pipe; echo $?; kill $! || true; wait'
    const { stdout, stderr } = spawnSync('bash', ['-c', script, process.execPath, BIN], { cwd: at(), encoding: 'utf8' })
    expect(stderr).toContain("--tee would write into './pipe', which is what is read")
    expect(stdout).toBe('2\n')
  })

  test.skipIf(process.platform !== 'linux')('where the disk is full, and that is an error of the copy', async () => {
    const { exitCode, stdout, stderr } = await verify(whole, '--tee', '/dev/full')
    expect(stderr).toBe('imgtar: /dev/full: no space left on device (ERR_OUTPUT)\n')
    expect([exitCode, stdout]).toEqual([2, ''])
  })
})
