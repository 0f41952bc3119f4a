import { spawnSync } from 'node:child_process'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dataRoot } from '../support/data-root.js'
import { testFolder } from '../support/folder.js'
import { member, tarOf } from '../support/tar-blocks.js'
import { dockerArchive, layerOf } from './images.js'
import { BIN } from './run.js'

// Root may read everything: it runs the command as nobody.
const isRoot = process.getuid?.() === 0
const [program = '', ...before] = isRoot
  ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, BIN]
  : [process.execPath, BIN]
const mayRun = spawnSync(program, [...before, '--version']).status === 0

const at = testFolder()
beforeAll(async () => {
  await chmod(at(), 0o755)
  await mkdir(at('many/closed'), { recursive: true })
  await mkdir(at('rootfs/closed'), { recursive: true })
  await writeFile(at('many/app.tar'), dockerArchive({ names: ['app:1'], layers: [layerOf('a', 'a')] }))
  await chmod(at('many/closed'), 0)
  await chmod(at('rootfs/closed'), 0)
})
afterAll(async () => {
  await chmod(at('many/closed'), 0o700)
  await chmod(at('rootfs/closed'), 0o700)
})

function go(...args: readonly string[]) {
  return spawnSync(program, [...before, ...args], { cwd: at(), encoding: 'utf8' })
}

describe.skipIf(!mayRun)('without permission', () => {
  test('verify tells a closed directory and proves the others', () => {
    for (const operands of [['many'], ['many/closed', 'many/app.tar']]) {
      const { status, stdout } = go('verify', ...operands)
      expect(status).toBe(2)
      expect(stdout).toContain('many/closed: could not be read: permission denied (ERR_IO)')
      expect(stdout).toContain('many/app.tar: whole')
      expect(stdout).toContain('2 archives: 1 whole, 1 unreadable')
    }
  })

  test.each([
    ['rootfs/closed', 'imgtar: rootfs/closed: permission denied (ERR_IO)'],
    ['rootfs', 'imgtar: rootfs › closed: permission denied (ERR_IO)'],
  ])('import of the directory %s names what is closed', (directory, message) => {
    const { status, stderr } = go('import', directory, '-o', '/dev/null')
    expect(status).toBe(2)
    expect(stderr).toContain(message)
  })

  test.each([
    ['the root itself', '', ''],
    ['its images', 'image', ' › image'],
  ])('census does not take a data-root for none where %s may not be listed', async (_, closed, place) => {
    using root = dataRoot()
    root.image(['web:1'], tarOf(member({ name: 'd' }, 'd')))
    await mkdir(join(root.path, 'containers'), { recursive: true })
    await chmod(root.path, 0o755)
    await chmod(join(root.path, closed), closed === '' ? 0o710 : 0o700)
    if (!isRoot) await chmod(join(root.path, closed), 0)
    const { status, stderr } = go('census', root.path)
    await chmod(join(root.path, closed), 0o755)
    expect(status).toBe(2)
    expect(stderr).toBe(
      `imgtar: ${root.path}${place}: permission denied (ERR_IO)\n  hint: a data-root belongs to root: try sudo\n`,
    )
  })
})
