import { copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BIN, run } from './run.js'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imgtar-start-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('a command that cannot be loaded ends with 2: it found nothing in an archive', async () => {
  await mkdir(join(folder, 'bin'))
  const alone = join(folder, 'bin/imgtar.mjs')
  await copyFile(BIN, alone)
  const { status, stderr } = spawnSync(process.execPath, [alone, 'verify', 'app.tar'], { encoding: 'utf8' })
  expect(stderr).toMatch(/^imgtar: it cannot be started: Cannot find module .*main\.js'.*\n$/)
  expect(status).toBe(2)
})

test('a run leaves nothing in the temporary folder and at home, whatever the Node', async () => {
  const environment = { TMPDIR: folder, HOME: folder }
  expect(await run(['--version'], { cwd: folder, environment })).toMatchObject({ exitCode: 0, stderr: '' })
  expect(await readdir(folder)).toEqual([])
})
