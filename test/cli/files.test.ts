import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { dockerSave, packed } from '../support/archives.js'
import { testFolder } from '../support/folder.js'
import { directory, file, hardlink, layerTar } from '../support/layers.js'
import { exportedEntries } from '../support/exported.js'
import { BIN, interruptWhen, run } from './run.js'

const many = Array.from({ length: 12 }, (_, at) => file(`file-${String(at)}`, { content: String(at).repeat(2 ** 20) }))
const layers = [
  layerTar([directory('etc'), file('etc/os', { content: 'old\n' }), ...many]),
  layerTar([file('etc/os', { content: 'new\n' }), file('etc/.wh.gone'), hardlink('link', 'etc/os')]),
]
const inFolder = testFolder()
beforeAll(async () => {
  const archive = packed(dockerSave({ names: ['app:1'], layers }))
  await writeFile(inFolder('app.tar'), archive)
  await writeFile(inFolder('app.tar.gz'), gzipSync(archive, { level: 1 }))
  await mkdir(inFolder('out'))
})

const go = (...args: string[]) => run(args, { cwd: inFolder() })
const leftOvers = (): Promise<string[]> => readdir(inFolder('out'))

describe('files as of a layer', () => {
  test('are those before what the layers above it changed', async () => {
    const cat = async (top: string) => (await go('cat', 'app.tar', '--as-of', top, 'etc/os')).stdout
    expect([await cat('0'), await cat('1')]).toEqual(['old\n', 'new\n'])
    const ls = async (top: string) => (await go('ls', 'app.tar', '--as-of', top)).stdout
    expect([(await ls('0')).includes('link'), (await ls('1')).includes('link')]).toEqual([false, true])
    await go('export', 'app.tar', '--as-of', '0', '-o', 'base.tar')
    expect((await go('ls', 'base.tar')).stdout).toBe(await ls('0'))
    const digest = async (...args: string[]) => (await go('rootfs-digest', ...args)).stdout.split(' ')[0]
    expect(await digest('--as-of', '0', 'app.tar')).toBe(await digest('base.tar'))
    expect(await digest('app.tar')).not.toBe(await digest('base.tar'))
    await go('export', 'app.tar', '--as-of', '0', '-o', 'rootfs:base')
    expect(await readFile(inFolder('base/etc/os'), 'utf8')).toBe('old\n')
    await go('extract', 'app.tar', 'etc', '--as-of=0', '-o', 'as-of')
    expect(await readFile(inFolder('as-of/etc/os'), 'utf8')).toBe('old\n')
  })

  test('of a layer that is not there are an error, and so are two ways to choose', async () => {
    const beyond = await go('cat', 'app.tar', '--as-of', '2', 'etc/os')
    expect(beyond).toMatchObject({ exitCode: 2, stdout: '' })
    expect(beyond.stderr).toBe('imgtar: app.tar: no layer 2 (ERR_NOT_FOUND)\n  hint: the image has 0 (base) to 1\n')
    const both = await go('ls', 'app.tar', '--as-of', '0', '--layer', '1')
    expect(both).toMatchObject({ exitCode: 2, stdout: '' })
    expect(both.stderr).toContain('--layer and --as-of exclude each other')
  })
})

describe('what is written', () => {
  test('is the same from a file, a compressed one and a pipe, to a file and to a pipe', async () => {
    expect(await go('export', 'app.tar', '-o', 'one.tar')).toMatchObject({ exitCode: 0, stderr: '' })
    expect(await go('export', 'app.tar.gz', '-o', 'two.tar')).toMatchObject({ exitCode: 0 })
    const script = 'cat app.tar.gz | "$0" "$1" export - -o - > three.tar'
    const { status, stderr } = spawnSync('bash', ['-c', script, process.execPath, BIN], {
      cwd: inFolder(),
      encoding: 'utf8',
    })
    expect(status).toBe(0)
    expect(stderr).toMatch(/^wrote standard output: root filesystem, 15 names/)
    const [one, two, three] = await Promise.all(
      ['one.tar', 'two.tar', 'three.tar'].map((name) => readFile(inFolder(name))),
    )
    expect(exportedEntries(one ?? new Uint8Array()).map(({ path }) => path)).toContain('link')
    expect(two?.equals(one ?? new Uint8Array())).toBe(true)
    expect(three?.equals(one ?? new Uint8Array())).toBe(true)
  })

  test('by a dry run is nothing, and its size is told to the byte', async () => {
    const dry = JSON.parse((await go('export', 'app.tar', '-o', 'out/a.tar', '--dry-run', '--json')).stdout) as object
    const done = JSON.parse((await go('export', 'app.tar', '-o', 'wet.tar', '--json')).stdout) as object
    expect(await leftOvers()).toEqual([])
    const output = { kind: 'tar', size: (await readFile(inFolder('wet.tar'))).length }
    expect(dry).toMatchObject({ output: { ...output, written: false } })
    expect(done).toMatchObject({ output: { ...output, written: true } })
  })

  test('into a directory is the same by export and by save, for one image', async () => {
    expect(await go('export', 'app.tar', '-o', 'rootfs:by-export')).toMatchObject({ exitCode: 0 })
    expect(await go('save', 'app.tar', '-o', 'rootfs:by-save')).toMatchObject({ exitCode: 0 })
    const names = await Promise.all(['by-export', 'by-save'].map((name) => readdir(inFolder(name))))
    expect(names[1]).toEqual(names[0])
    expect(await readFile(inFolder('by-save/link'), 'utf8')).toBe('new\n')
    const two = await go('save', 'app.tar', 'app.tar.gz', '-o', 'rootfs:out/two')
    expect(two).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('name one archive') as string })
    expect(await leftOvers()).toEqual([])
  })

  test('by squash is the same root filesystem, and the same image twice', async () => {
    const digest = async (archive: string) => (await go('rootfs-digest', archive)).stdout.split(' ')[0]
    for (const [name, ...options] of [['all.tar'], ['top.tar', '--layers', '1']] as const) {
      expect(await go('squash', 'app.tar', '-o', name, ...options)).toMatchObject({ exitCode: 0, stderr: '' })
      expect(await go('squash', 'app.tar.gz', '-o', `again-${name}`, ...options)).toMatchObject({ exitCode: 0 })
      const [one, two] = [await readFile(inFolder(name)), await readFile(inFolder(`again-${name}`))]
      expect(one.equals(two)).toBe(true)
      expect(await digest(name)).toBe(await digest('app.tar'))
      expect((await go('verify', name)).exitCode).toBe(0)
    }
    expect((await readFile(inFolder('all.tar'))).includes('old\n')).toBe(false)
  })

  test('by extract is told beside the directory where it cannot be put there, for as long as that is so', async () => {
    const odd = [file('null', { type: 'char', device: [1, 3] }), file('f', { xattrs: { 'user.a': '1' } })]
    await writeFile(inFolder('odd.tar'), packed(dockerSave({ names: ['odd:1'], layers: [layerTar(odd)] })))
    const beside = inFolder('rootfs.imgtar-skipped.json')
    const { exitCode, stdout } = await go('extract', 'odd.tar', '-o', 'rootfs/')
    expect([exitCode, stdout.split('\n').at(-2)]).toEqual([0, '  all of that is in rootfs.imgtar-skipped.json'])
    expect(JSON.parse(await readFile(beside, 'utf8'))).toMatchObject({
      output: { path: 'rootfs/', list: 'rootfs.imgtar-skipped.json' },
      skipped: [
        { path: '/f', what: 'xattr', detail: 'user.a' },
        { path: '/null', what: 'char', detail: '1,3' },
      ],
    })
    await rm(inFolder('rootfs'), { recursive: true })
    expect((await go('extract', 'app.tar', 'etc', '-o', 'rootfs')).exitCode).toBe(0)
    expect(existsSync(beside)).toBe(false)
    await rm(inFolder('rootfs'), { recursive: true })
    expect((await go('extract', 'odd.tar', '-o', 'rootfs', '--dry-run')).exitCode).toBe(0)
    expect(existsSync(beside)).toBe(false)
  })

  test('by cat are the bytes of the files and nothing else', async () => {
    expect(await go('cat', 'app.tar', '/etc/os', 'link')).toMatchObject({
      exitCode: 0,
      stdout: 'new\nnew\n',
      stderr: '',
    })
    expect(await go('cat', 'app.tar', '/etc/os', 'nope')).toMatchObject({ exitCode: 2, stdout: '' })
  })

  test('by extract stands in the directory that was named, and replaces none', async () => {
    expect(await go('extract', 'app.tar', 'etc', '-o', 'tree')).toMatchObject({ exitCode: 0 })
    expect(await readFile(inFolder('tree/etc/os'), 'utf8')).toBe('new\n')
    const again = await go('extract', 'app.tar', '-o', 'tree')
    expect(again).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('new or empty') as string })
    expect(await readdir(inFolder('tree'))).toEqual(['etc'])
  })
})

describe('a run that fails leaves nothing', () => {
  test('because a layer is damaged and --verify looks', async () => {
    const bytes = await readFile(inFolder('app.tar'))
    const at = bytes.indexOf('5'.repeat(100)) + 5
    bytes[at] = (bytes[at] ?? 0) ^ 1
    await writeFile(inFolder('bad.tar'), bytes)
    for (const args of [['export'], ['extract'], ['squash']]) {
      const options = args[0] === 'squash' ? [] : ['--verify']
      const { exitCode, stderr } = await go(...args, 'bad.tar', '-o', 'out/x', ...options)
      expect({ exitCode, stderr }).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining('ERR_DIGEST') as string,
      })
    }
    expect(await leftOvers()).toEqual([])
  })

  test.skipIf(!existsSync('/dev/full'))('because a device is full', async () => {
    const { exitCode, stderr } = await go('export', 'app.tar', '-o', '/dev/full')
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/ERR_OUTPUT/)
  })

  test.skipIf(process.getuid?.() !== 0)('because the disk is full', async () => {
    const small = inFolder('small')
    await mkdir(small)
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', small]).status !== 0) return
    try {
      for (const args of [
        ['export', 'app.tar', '-o', 'small/a.tar'],
        ['export', 'app.tar', '-o', 'rootfs:small/tree'],
        ['extract', 'app.tar', '-o', 'small/tree'],
        ['squash', 'app.tar', '-o', 'small/a.tar'],
      ]) {
        const { exitCode, stderr } = await go(...args)
        expect(stderr).toContain('ERR_OUTPUT')
        expect(exitCode).toBe(2)
        expect(await readdir(small)).toEqual([])
      }
    } finally {
      spawnSync('umount', [small])
    }
  })

  test.each([
    ['export', ['export', 'app.tar.gz', '-o', 'out/a.tar'], 'a.tar'],
    ['extract', ['extract', 'app.tar.gz', '-o', 'out/tree'], 'tree'],
  ])('by SIGINT: %s', async (_, args, name) => {
    const ended = await run(args, {
      cwd: inFolder(),
      meanwhile(child) {
        child.stdin?.end()
        interruptWhen(leftOvers)(child)
      },
    })
    // A fast disk may be done first; then the output is whole.
    const names = await leftOvers()
    expect(names).toEqual(ended.exitCode === 130 ? [] : [name])
    for (const one of names) await rm(inFolder('out', one), { recursive: true })
  })

  test('because the reader of the pipe has gone; for cat that is none', () => {
    const ended = (command: string) => {
      const script = `"$0" "$1" ${command} | head -c 10 >/dev/null; exit \${PIPESTATUS[0]}`
      return spawnSync('bash', ['-c', script, process.execPath, BIN], { cwd: inFolder(), encoding: 'utf8' })
    }
    expect(ended('export app.tar -o -')).toMatchObject({ status: 2 })
    expect(ended('cat app.tar file-1')).toMatchObject({ status: 0, stderr: '' })
  })
})

describe('what is an image archive', () => {
  beforeAll(async () => {
    await mkdir(inFolder('layout'), { recursive: true })
    await writeFile(inFolder('layout/oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  })

  test.each([
    [['append', 'app.tar', 'app.tar'], 'app.tar: this is an image archive of docker, and no root filesystem'],
    [['append', 'app.tar', 'layout'], 'layout: this is an OCI image layout, and no root filesystem'],
    [['import', 'app.tar'], 'app.tar: this is an image archive, not a root filesystem'],
    [['import', 'layout'], 'layout: this is an OCI image layout, and no root filesystem'],
    [['save', 'oci-archive:app.tar'], 'app.tar: this is an image archive of docker, and not oci-archive'],
  ])('is not taken for something else by %j', async (args, message) => {
    const { exitCode, stderr } = await go(...args, '-o', 'out/a.tar')
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)])
    expect(await leftOvers()).toEqual([])
  })

  test('is taken for files where the transport says so', async () => {
    expect(await go('append', 'app.tar', 'rootfs:layout', '-o', 'out/a.tar')).toMatchObject({ exitCode: 0 })
    expect((await go('ls', 'out/a.tar', '--layer', '2')).stdout).toContain('/oci-layout')
    await rm(inFolder('out/a.tar'))
  })
})
