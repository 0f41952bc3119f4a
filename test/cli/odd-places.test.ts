import { spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { dockerSave, packed } from '../support/archives.js'
import { freshFolder } from '../support/folder.js'
import { layerTar } from '../support/layers.js'
import { BIN, run } from './run.js'

const layer = layerTar([{ path: 'etc/name', content: 'first' }])
const archive = packed(dockerSave({ names: ['a:1'], layers: [layer] }))

const at = freshFolder()
beforeEach(async () => {
  await writeFile(at('app.tar'), archive)
  await mkdir(at('files/sub'), { recursive: true })
  await writeFile(at('files/sub/one'), '1')
})

const go = (line: string, cwd = at()) => run(line.split(' '), { cwd })

describe('an output inside the directory that it is made of', () => {
  test.each([
    ['import . -o out.tar', 'files'],
    ['import files -o files/sub/out.tar', '.'],
    ['append app.tar files -o files/out.tar', '.'],
    ['append app.tar files -o oci:files/out', '.'],
    ['save rootfs:files -o files/out.tar --dry-run', '.'],
    ['save rootfs:files -o rootfs:files/out', '.'],
    ['export files -o files/out.tar', '.'],
    ['extract files -o files/sub/out', '.'],
  ])('is refused, and nothing is left: %s', async (line, cwd) => {
    const { exitCode, stderr } = await go(line, at(cwd))
    expect(stderr).toMatch(/the output would be one of the files of .* \(ERR_OUTPUT\)\n {2}hint: name a place outside/)
    expect(exitCode).toBe(2)
    expect((await readdir(at('files'), { recursive: true })).sort()).toEqual(['sub', 'sub/one'])
  })

  test('is none where only the name begins as that of the directory does', async () => {
    expect(await go('import files -o files.tar')).toMatchObject({ exitCode: 0, stderr: '' })
    expect(await go('import files/sub -o files/out.tar')).toMatchObject({ exitCode: 0, stderr: '' })
  })
})

describe('a report', () => {
  test.each(['verify app.tar --report json=app.tar', 'verify --for docker-28 app.tar:@0 --report junit=./app.tar'])(
    'does not replace the archive that it is about: %s',
    async (line) => {
      const { exitCode, stderr } = await go(line)
      expect(stderr).toContain("--report would replace 'app.tar'")
      expect(exitCode).toBe(2)
      expect(await readFile(at('app.tar'))).toEqual(Buffer.from(archive))
    },
  )

  test('replaces one of an earlier run', async () => {
    expect(await go('verify app.tar --report json=report.json')).toMatchObject({ exitCode: 0 })
    expect(await go('verify app.tar --report json=report.json')).toMatchObject({ exitCode: 0 })
  })
})

test.each(['layout', './layout', 'link/../layout', 'files/../layout'])(
  'an OCI layout is written where the system finds its place: %s',
  async (place) => {
    await symlink('files/sub', at('link'))
    expect(await go(`save app.tar -o oci:${place}`)).toMatchObject({ exitCode: 0, stderr: '' })
    const found = await readdir(at(place.startsWith('link') ? 'files' : '.'))
    expect(found.filter((name) => name.includes('layout'))).toEqual(['layout'])
  },
)

test('a thin archive does not replace its base, which it could not be made whole without', async () => {
  const second = packed(dockerSave({ names: ['a:2'], layers: [layer, layerTar([{ path: 'b', content: 'b' }])] }))
  await writeFile(at('app-2.tar'), second)
  const { exitCode, stderr } = await go('thin app-2.tar --base app.tar -o app.tar --force')
  expect(stderr).toContain('the output would replace the base')
  expect(exitCode).toBe(2)
  expect(await readFile(at('app.tar'))).toEqual(Buffer.from(archive))
})

/** Runs a line of bash in which $I is imgtar. */
function bash(line: string): { status: number | null; stdout: string; stderr: string } {
  const environment = { PATH: process.env.PATH, I: `${process.execPath} ${BIN}` }
  return spawnSync('bash', ['-c', line], {
    cwd: at(),
    encoding: 'utf8',
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

// Only Linux has file systems that take any bytes for a name.
describe.skipIf(process.platform !== 'linux')('a folder whose name is no UTF-8', () => {
  const into = `D=$(printf 'a b\\nc\\xff'); mkdir "$D"; cp app.tar "$D"; cd "$D"`

  test('is one to work in: layouts are known there, and files replaced', () => {
    const { status, stdout } = bash(
      `${into}; $I save app.tar -o oci:layout && $I inspect layout && $I save app.tar -o app.tar -f && ls`,
    )
    expect(stdout).toMatch(/^layout: oci-layout, 1 image$/m)
    expect(stdout).toMatch(/app\.tar\nlayout\n$/)
    expect(status).toBe(0)
  })

  test('cannot be named on a command line, and a way out is told', () => {
    const { status, stderr } = bash(`${into}; $I ls "$PWD/app.tar"`)
    expect(stderr).toContain('imgtar COMMAND - < FILE')
    expect(status).toBe(2)
  })
})

test.skipIf(process.platform !== 'linux')('a folder that is gone is told to be the current one', () => {
  const { status, stderr } = bash('mkdir gone; cd gone; rmdir ../gone; $I ls ../app.tar')
  expect(stderr).toBe('imgtar: the current directory is gone (ERR_NOT_FOUND)\n  hint: cd to another\n')
  expect(status).toBe(2)
})

test('a directory may have the longest of names, with a list beside it of what is left out', async () => {
  const special = layerTar([
    { path: 'f', content: '' },
    { path: 'null', type: 'char' },
  ])
  await writeFile(at('device.tar'), packed(dockerSave({ names: ['d:1'], layers: [special] })))
  const name = 'n'.repeat(255)
  expect(await go(`extract app.tar -o ${name}`)).toMatchObject({ exitCode: 0, stderr: '' })
  const other = 'o'.repeat(255)
  expect(await go(`extract device.tar -o ${other} --no-same-owner`)).toMatchObject({ exitCode: 0 })
  expect((await stat(at(other))).isDirectory()).toBe(true)
})
