import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { testFolder } from '../support/folder.js'
import { layerTar } from '../support/layers.js'
import { dockerSave, packed } from '../support/archives.js'
import { BIN, interruptWhen, run } from './run.js'

// Large enough that writing takes a while and a small disk is too small.
const big = layerTar(
  Array.from({ length: 12 }, (_, at) => ({ path: `file-${String(at)}`, content: String(at).repeat(2 ** 20) })),
)
const archive = packed(dockerSave({ names: ['big:1'], layers: [big] }))

const inFolder = testFolder()
beforeAll(async () => {
  await writeFile(inFolder('big.tar'), archive)
  await writeFile(inFolder('rootfs.tar'), big)
  await mkdir(inFolder('out'))
  await mkdir(inFolder('tmp'))
})

const leftOvers = (): Promise<string[]> => readdir(inFolder('out'))
const temporary = (): Promise<string[]> => readdir(inFolder('tmp'))

describe('a run that fails', () => {
  test('on bad input found midway leaves nothing, and what was there stays', async () => {
    const damaged = Uint8Array.from(archive)
    const at = damaged.length - 20_000
    damaged[at] = (damaged[at] ?? 0) ^ 1
    await writeFile(inFolder('bad.tar'), damaged)
    await writeFile(inFolder('out/kept.tar'), 'old')
    const { exitCode, stderr } = await run(['save', 'bad.tar', '-o', 'out/kept.tar', '--force'], { cwd: inFolder() })
    expect(stderr).toContain('ERR_DIGEST')
    expect(exitCode).toBe(2)
    expect(await readFile(inFolder('out/kept.tar'), 'utf8')).toBe('old')
    await rm(inFolder('out/kept.tar'))
    expect(await leftOvers()).toEqual([])
  })

  test('because the output exists says how to replace it', async () => {
    const { exitCode, stderr } = await run(['save', 'big.tar', '-o', 'rootfs.tar'], { cwd: inFolder() })
    expect(exitCode).toBe(2)
    expect(stderr).toContain('--force replaces it')
    expect((await readFile(inFolder('rootfs.tar'))).length).toBe(big.length)
  })

  test.each([
    ['save', ['save', 'big.tar', '-o', 'out/a.tar']],
    ['an OCI directory', ['save', 'big.tar', '-o', 'oci:out/oci', '--compress', 'gzip:9']],
    ['import', ['import', '-', '-o', 'out/a.tar']],
  ])('by SIGINT leaves nothing: %s', async (_, args) => {
    const ended = await run(args, {
      cwd: inFolder(),
      meanwhile(child) {
        interruptWhen(leftOvers)(child)
        if (args[1] === '-') child.stdin?.write(big.subarray(0, big.length - 1024))
        else child.stdin?.end()
      },
    })
    // A fast disk may be done first; then the output is whole.
    const names = await leftOvers()
    if (ended.exitCode === 130) expect(names).toEqual([])
    else
      expect({ ...ended, names }).toMatchObject({ exitCode: 0, names: [args.at(2)?.startsWith('-') ? 'a.tar' : 'oci'] })
    if (args[0] === 'import') expect(ended.exitCode).toBe(130)
    for (const name of names) await rm(inFolder('out', name), { recursive: true })
  })

  test.each(['SIGTERM', 'SIGHUP'] as const)('by %s leaves nothing', async (signal) => {
    const ended = await run(['import', '-', '-o', 'out/a.tar'], {
      cwd: inFolder(),
      meanwhile(child) {
        interruptWhen(leftOvers, signal)(child)
        child.stdin?.write(big.subarray(0, big.length - 1024))
      },
    })
    expect(ended).toMatchObject({ exitCode: 130, signal: null })
    expect(await leftOvers()).toEqual([])
  })

  test('because the reader of the pipe has gone is trouble, and spools nothing away', async () => {
    const script = '"$0" "$1" save big.tar -o - --compress gzip | head -c 10 >/dev/null; exit ${PIPESTATUS[0]}'
    const { status, stderr } = spawnSync('bash', ['-c', script, process.execPath, BIN], {
      cwd: inFolder(),
      encoding: 'utf8',
      env: { ...process.env, TMPDIR: inFolder('tmp') },
    })
    expect(stderr).toContain('ERR_OUTPUT')
    expect(status).toBe(2)
    expect(await temporary()).toEqual([])
  })

  test.skipIf(!existsSync('/dev/full'))('because a device is full is trouble', async () => {
    const { exitCode, stderr } = await run(['save', 'big.tar', '-o', '/dev/full'], { cwd: inFolder() })
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: expect.stringMatching(/no space left on device.*ERR_OUTPUT/i) as string,
    })
  })

  test.skipIf(process.getuid?.() !== 0)('because the disk is full leaves nothing on it', async () => {
    const small = inFolder('small')
    await mkdir(small)
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', small])
    if (mounted.status !== 0) return
    try {
      for (const args of [
        ['save', 'big.tar', '-o', 'small/a.tar'],
        ['save', 'big.tar', '-o', 'oci:small/oci'],
        ['import', 'rootfs.tar', '-o', 'small/a.tar'],
        ['tag', 'big.tar', 'x:1', '-o', 'small/a.tar'],
        ['salvage', 'big.tar', '-o', 'small/saved'],
        ['tar-split', 'disassemble', 'rootfs.tar', '-o', 'small/split', '--files', 'small/files'],
      ]) {
        const { exitCode, stderr } = await run(args, { cwd: inFolder() })
        expect(stderr).toMatch(/small\/.*no space left on device.*ERR_OUTPUT/i)
        expect(stderr).not.toContain('.imgtar-')
        expect(exitCode).toBe(2)
        expect(await readdir(small)).toEqual([])
      }
    } finally {
      spawnSync('umount', [small])
    }
  })

  test.each([
    ['config big.tar -o out/a.tar --cmd -x', 'one that begins with a dash is joined to it: --cmd=VALUE'],
    ['save big.tar -o -x', 'one that begins with a dash is joined to it: -oVALUE'],
    ['save big.tar -o rootfs:out/d --layout classic', '--layout is of an archive'],
    ['save big.tar -o rootfs:out/d --compress none', '--compress is of an archive'],
    ['export big.tar -o rootfs:out/d --xattrs', '--xattrs is of a tar'],
    ['export big.tar -o out/a.tar --engine 30', "--engine wants a whole number from 20 to 29, not '30'"],
    ['export big.tar -o out/a.tar --engine 19', "--engine wants a whole number from 20 to 29, not '19'"],
  ])('because of its options says what to do: %s', async (line, message) => {
    const { exitCode, stderr } = await run(line.split(' '), { cwd: inFolder() })
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(message) as string })
    expect(await leftOvers()).toEqual([])
  })

  test('because it would write to a terminal says so', async () => {
    const has = spawnSync('script', ['--version']).status === 0
    if (!has) return
    const child = spawn('script', ['-qec', `${process.execPath} ${BIN} save big.tar -o -`, '/dev/null'], {
      cwd: inFolder(),
    })
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
    const code = await new Promise((resolve) => child.on('close', resolve))
    expect(text).toContain('not written to a terminal')
    expect(code).toBe(2)
  })
})

test('a dry run says what would be written, to the byte, and writes nothing', async () => {
  const dry = await run(['save', 'big.tar', '-o', 'out/a.tar', '--dry-run', '--json'], { cwd: inFolder() })
  expect(await leftOvers()).toEqual([])
  const wet = await run(['save', 'big.tar', '-o', 'out/a.tar', '--json'], { cwd: inFolder() })
  expect(JSON.parse(dry.stdout)).toMatchObject({ output: { written: false } })
  expect(dry.stdout.replace('"written": false', '"written": true')).toBe(wet.stdout)
  await rm(inFolder('out/a.tar'))
})

test('reports go to stderr where the archive goes to stdout', async () => {
  const { stdout, stderr } = await run(['tag', 'big.tar', 'x:1', '-o', '-', '--json'], { cwd: inFolder() })
  expect(stdout.slice(257, 262)).toBe('ustar')
  expect(JSON.parse(stderr)).toMatchObject({ schema: 'imgtar/tag/v1', output: { path: '-' } })
})
