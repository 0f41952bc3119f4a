import { spawn, spawnSync } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { dockerSave, layer, packed } from '../support/archives.js'
import { testFolder } from '../support/folder.js'
import { layerTar } from '../support/layers.js'
import { BIN, interruptWhen, run } from './run.js'

// Large enough that a small disk is too small, and that writing takes a while.
const big = layerTar(
  Array.from({ length: 12 }, (_, at) => ({ path: `file-${String(at)}`, content: String(at).repeat(2 ** 20) })),
)
const [base, other] = [layer('base'), layer('other')]

/** Every command that writes an archive, with what it takes; `-o` and the output come behind. */
const VERBS: readonly (readonly [string, ...string[]])[] = [
  ['import', 'rootfs.tar', '--created', '0'],
  ['export', 'big.tar'],
  ['save', 'big.tar'],
  ['tag', 'big.tar', 'new:1'],
  ['squash', 'two.tar'],
  ['strip', 'two.tar', 'file-3'],
  ['retime', 'two.tar', '--set', '0'],
  ['append', 'two.tar', 'other.tar'],
  ['rebase', 'two.tar', '--old-base', 'base.tar', '--new-base', 'new-base.tar'],
  ['config', 'big.tar', '--env', 'A=1'],
  ['thin', 'two.tar', '--base', 'base.tar'],
  ['hydrate', 'two.thin.tar', '--from', 'base.tar'],
]
const EXTRACT = ['extract', 'big.tar'] as const
const named = <Args extends readonly string[]>(all: readonly Args[]) =>
  all.map((args) => [args[0] ?? '', args] as const)

const inFolder = testFolder()
const go = (...args: string[]) => run(args, { cwd: inFolder() })
const at = (name: string): string => inFolder(name)
const leftOvers = (): Promise<string[]> => readdir(at('out'))

beforeAll(async () => {
  const save = (name: string, layers: readonly Uint8Array[]) =>
    writeFile(at(`${name}.tar`), packed(dockerSave({ names: [`${name}:1`], layers })))
  await save('big', [big])
  await save('two', [base, big])
  await save('base', [base])
  await save('new-base', [other])
  await writeFile(at('rootfs.tar'), big)
  await writeFile(at('other.tar'), other)
  await mkdir(at('out'))
  expect(await go('thin', 'two.tar', '--base', 'base.tar', '-o', 'two.thin.tar')).toMatchObject({ exitCode: 0 })
})
afterEach(async () => {
  for (const name of await leftOvers()) await rm(at(`out/${name}`), { recursive: true })
})

describe.each(named(VERBS))('%s', (_, args) => {
  test('says in a dry run what it would write, and writes nothing', async () => {
    const dry = await go(...args, '-o', 'out/a.tar', '--dry-run', '--json')
    expect(await leftOvers()).toEqual([])
    const wet = await go(...args, '-o', 'out/a.tar', '--json')
    expect(wet.exitCode).toBe(0)
    expect(dry.stdout.replace('"written": false', '"written": true')).toBe(wet.stdout)
    expect(wet.stdout).toContain(`"size": ${String((await readFile(at('out/a.tar'))).length)}`)
  })

  test('replaces an output only with --force', async () => {
    await writeFile(at('out/a.tar'), 'old')
    const refused = await go(...args, '-o', 'out/a.tar')
    expect([refused.exitCode, await readFile(at('out/a.tar'), 'utf8')]).toEqual([2, 'old'])
    expect(refused.stderr).toContain('--force replaces it')
    expect(await go(...args, '-o', 'out/a.tar', '--dry-run')).toEqual(refused)
    expect(await go(...args, '-o', 'out/a.tar', '--dry-run', '--force')).toMatchObject({ exitCode: 0 })
    expect(await readFile(at('out/a.tar'), 'utf8')).toBe('old')
    expect(await go(...args, '-o', 'out/a.tar', '--force')).toMatchObject({ exitCode: 0 })
    expect((await readFile(at('out/a.tar'))).length).toBeGreaterThan(3)
    expect(await leftOvers()).toEqual(['a.tar'])
  })

  test.skipIf(spawnSync('script', ['--version']).status !== 0)('writes nothing to a terminal', async () => {
    const child = spawn('script', ['-qec', `${process.execPath} ${BIN} ${args.join(' ')} -o -`, '/dev/null'], {
      cwd: inFolder(),
    })
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(2)
    expect(text).toContain('not written to a terminal')
  })
})

describe.each(named([...VERBS, EXTRACT]))('%s', (_, args) => {
  test('leaves nothing when it is interrupted', async () => {
    const ended = await run([...args, '-o', 'out/a'], {
      cwd: inFolder(),
      meanwhile(child) {
        child.stdin?.end()
        interruptWhen(leftOvers)(child)
      },
    })
    // A fast disk may be done first; then the output is whole.
    expect([130, 0]).toContain(ended.exitCode)
    expect(await leftOvers()).toEqual(ended.exitCode === 130 ? [] : ['a'])
  })

  test.skipIf(process.getuid?.() !== 0)('leaves nothing on a full disk', async () => {
    const small = at('small')
    await mkdir(small, { recursive: true })
    // Where nothing can be mounted there is nothing to be learnt.
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', small]).status !== 0) return
    try {
      const { exitCode, stderr } = await go(...args, '-o', 'small/a')
      expect(stderr).toMatch(/^imgtar: small\/a: no space left on device.*ERR_OUTPUT/im)
      expect(exitCode).toBe(2)
      expect(await readdir(small)).toEqual([])
    } finally {
      spawnSync('umount', [small])
    }
  })
})

describe('extract', () => {
  test('says in a dry run what it would write, and writes nothing', async () => {
    const dry = await go(...EXTRACT, '-o', 'out/a', '--dry-run', '--json')
    expect(await leftOvers()).toEqual([])
    const wet = await go(...EXTRACT, '-o', 'out/a', '--json')
    expect(wet.exitCode).toBe(0)
    expect(dry.stdout.replace('"written": false', '"written": true')).toBe(wet.stdout)
  })

  test('never replaces a directory that holds something', async () => {
    await mkdir(at('out/a'))
    await writeFile(at('out/a/mine'), '')
    const refused = await go(...EXTRACT, '-o', 'out/a')
    expect(refused.exitCode).toBe(2)
    expect(await go(...EXTRACT, '-o', 'out/a', '--dry-run')).toEqual(refused)
    expect(await readdir(at('out/a'))).toEqual(['mine'])
    // That --force would help must be true where it is said, and be said nowhere else.
    for (const args of [EXTRACT, ['salvage', 'big.tar'], ['save', 'big.tar']]) {
      const place = args[0] === 'save' ? 'oci:out/a' : 'out/a'
      expect((await go(...args, '-o', place)).stderr).toMatch(
        /is not replaced.*\n {2}hint: name a directory that is new/,
      )
    }
  })
})
