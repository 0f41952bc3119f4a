import { copyFile, mkdir, readdir } from 'node:fs/promises'
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { freshFolder } from '../support/folder.js'
import { BIN, run } from './run.js'

const inFolder = freshFolder()

test('a command that cannot be loaded ends with 2: it found nothing in an archive', async () => {
  await mkdir(inFolder('bin'))
  const alone = inFolder('bin/imgtar.mjs')
  await copyFile(BIN, alone)
  const { status, stderr } = spawnSync(process.execPath, [alone, 'verify', 'app.tar'], { encoding: 'utf8' })
  expect(stderr).toMatch(/^imgtar: it cannot be started: Cannot find module .*load-bundle\.js'.*\n$/)
  expect(status).toBe(2)
})

test('a run leaves nothing in the temporary folder and at home, whatever the Node', async () => {
  const environment = { TMPDIR: inFolder(), HOME: inFolder() }
  expect(await run(['--version'], { cwd: inFolder(), environment })).toMatchObject({ exitCode: 0, stderr: '' })
  expect(await readdir(inFolder())).toEqual([])
})
