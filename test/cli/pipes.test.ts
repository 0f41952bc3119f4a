import { spawnSync, type ChildProcess } from 'node:child_process'
import { closeSync, constants, openSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { dockerSave, packed } from '../support/archives.js'
import { dataRoot } from '../support/data-root.js'
import { layerTar } from '../support/layers.js'
import { BIN, run } from './run.js'

const first = layerTar([{ path: 'etc/name', content: 'first' }])
const second = layerTar([{ path: 'etc/name', content: 'second' }])
const third = layerTar([{ path: 'etc/other', content: 'third' }])
const whole = packed(dockerSave({ names: ['a:1'], layers: [first] }))

/** The archive with another byte in the content of its file. */
function damaged(): Uint8Array {
  const bytes = whole.slice()
  bytes[Buffer.from(bytes.buffer).indexOf('first')] = 0x46
  return bytes
}

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imgtar-pipes-'))
  await writeFile(join(folder, 'a.tar'), whole)
  await writeFile(join(folder, 'damaged.tar'), damaged())
  await writeFile(join(folder, 'damaged.tar.gz'), gzipSync(damaged()))
  await writeFile(join(folder, 'b.tar'), packed(dockerSave({ names: ['b:1'], layers: [second] })))
  await writeFile(join(folder, 'c.tar'), packed(dockerSave({ names: ['c:1'], layers: [first, third] })))
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
    timeout: 30_000,
  })
  return { code: status, stdout, stderr }
}

/** Each way in which a file of the folder can come to a command, as words of bash. */
const PIPES: readonly (readonly [string, (line: (operand: string) => string, file: string) => string])[] = [
  ['a pipe of the shell', (line, file) => line(`<(cat ${file})`)],
  ['a FIFO', (line, file) => `rm -f fifo; mkfifo fifo; (cat ${file} > fifo &); ${line('fifo')}`],
  ['standard input', (line, file) => `cat ${file} | { ${line('-')}; }`],
]

// No bash, no process substitution.
describe.skipIf(spawnSync('bash', ['-c', 'true']).status !== 0)('what comes down a pipe', () => {
  test('is proved where the shell names it as a file', () => {
    const { code, stdout } = bash('$I verify <(cat a.tar) <(gzip -c b.tar)')
    expect(stdout).toContain('2 archives: 2 whole')
    expect(code).toBe(0)
  })

  test('is several images, of which one is chosen by its name or place', () => {
    const { code, stdout, stderr } = bash(
      '$I save -q a.tar b.tar -o both.tar -f; for image in -:b:1 -:@1 -:@0 -; do $I cat "$image" /etc/name < both.tar; done',
    )
    expect(stdout).toBe('secondsecondfirst')
    expect(stderr).toContain('hint: it holds a:1 (linux/amd64); b:1 (linux/amd64); -:a:1 is the first of them')
    expect(code).toBe(2)
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

  test.each(PIPES)('is imported, and its bytes are the layer (%s)', (_, through) => {
    const line = through((operand) => `$I import ${operand} -t a:1 -o made.tar --force`, 'rootfs.tar')
    expect(bash(line)).toMatchObject({ code: 0 })
    expect(bash('$I diff made.tar rootfs.tar').code).toBe(0)
  })

  test('is a FIFO of the file system as well', () => {
    expect(bash('mkfifo f && (cat a.tar > f &) && $I verify f').code).toBe(0)
  })

  test('is followed by others without being waited for', () => {
    const { code, stdout } = bash('$I verify <(cat damaged.tar) a.tar <(cat b.tar)')
    expect(stdout).toContain('3 archives: 2 whole')
    expect(code).toBe(1)
  })

  test('of standard input can be had only once, and that is said', () => {
    const { code, stderr } = bash('cat a.tar | $I diff - -')
    expect(stderr).toContain('standard input can be read only once')
    expect(code).toBe(2)
  })
})

describe.skipIf(spawnSync('bash', ['-c', 'true']).status !== 0).each(PIPES)('what comes down %s', (_, through) => {
  const answer = (line: (operand: string) => string, file: string) => bash(through(line, file))

  test.each(['damaged.tar', 'damaged.tar.gz'])('is found damaged as the file would be: %s', (file) => {
    const { code, stdout } = answer((operand) => `$I verify --json ${operand}`, file)
    const [archive] = (JSON.parse(stdout) as { archives: { findings: { code: string }[] }[] }).archives
    expect(archive?.findings.map((finding) => finding.code)).toEqual([
      'DIFFID_MISMATCH',
      'LAYER_NAME_MISMATCH',
      'DAMAGE_UNPLACED',
    ])
    expect(stdout).toContain('came through a pipe: give the archive as a file')
    expect(code).toBe(1)
  })
})

describe.skipIf(spawnSync('bash', ['-c', 'true']).status !== 0).each(PIPES.slice(1))(
  'what comes down %s',
  (_, through) => {
    const answer = (line: (operand: string) => string, file: string) => bash(through(line, file))

    test('is looked into where it was kept for the engines', () => {
      const { stdout, code } = answer(
        (operand) => `$I verify --for docker-28 --against a.tar ${operand}`,
        'damaged.tar',
      )
      expect(stdout).toContain('DAMAGED_FILE: etc/name')
      expect(code).toBe(1)
    })

    test('is evidence, for several archives as well', () => {
      const line = (operand: string) => `$I verify damaged.tar damaged.tar.gz --against ${operand}`
      const { stdout, code } = answer(line, 'a.tar')
      expect(stdout.match(/DAMAGED_FILE: etc\/name/g)).toHaveLength(2)
      expect(code).toBe(1)
    })

    test('is what several thin archives stand on', () => {
      expect(bash('$I thin c.tar --base a.tar -f -o thin.tar && cp thin.tar thin-2.tar').code).toBe(0)
      const { stdout, code } = answer((operand) => `$I verify thin.tar thin-2.tar --assume ${operand}`, 'a.tar')
      expect(stdout).toContain('2 archives: 2 whole')
      expect(code).toBe(0)
    })

    test('is made thin, and whole again byte for byte', () => {
      expect(answer((operand) => `$I thin ${operand} --base a.tar -f -o thin.tar`, 'c.tar').code).toBe(0)
      expect(answer((operand) => `$I hydrate ${operand} --from a.tar -f -o hydrated.tar`, 'thin.tar').code).toBe(0)
      expect(readFileSync(join(folder, 'hydrated.tar'))).toEqual(readFileSync(join(folder, 'c.tar')))
    })

    test('is salvaged as the file would be, and healed', () => {
      const line = (operand: string) => `rm -rf saved; $I salvage ${operand} -o saved --from a.tar`
      const { stdout, code } = answer(line, 'damaged.tar.gz')
      expect(stdout).toContain('layer 0 healed from a.tar')
      expect(code).toBe(0)
      expect(bash('$I diff saved/images.tar a.tar').code).toBe(0)
    })

    test('is the sidecar of a layer, to put it together and to check it', () => {
      expect(bash('rm -rf files; $I tar-split disassemble rootfs.tar -f -o split.gz --files files').code).toBe(0)
      const assemble = (operand: string) => `$I tar-split assemble ${operand} --files files -f -o layer.tar`
      expect(answer(assemble, 'split.gz').code).toBe(0)
      expect(readFileSync(join(folder, 'layer.tar'))).toEqual(Buffer.from(first))
      const check = answer((operand) => `$I tar-split check ${operand} --files files`, 'split.gz')
      expect(check.stdout).toContain('1 file')
      expect(check.code).toBe(0)
    })

    test('is the config of an image to be, of an archive or of docker inspect', async () => {
      await writeFile(
        join(folder, 'inspect.json'),
        '[{"Config":{"Env":["FROM=inspect"]},"Architecture":"amd64","Os":"linux"}]',
      )
      const line = (operand: string) => `$I import rootfs.tar --config-from ${operand} -f -o made.tar`
      expect(answer(line, 'inspect.json').code).toBe(0)
      expect(bash('$I inspect made.tar').stdout).toContain('FROM=inspect')
      expect(answer(line, 'a.tar').code).toBe(0)
      expect(bash('$I inspect made.tar').stdout).toContain('/app')
    })

    test('is a policy', async () => {
      await writeFile(join(folder, 'policy.yaml'), 'size:\n  layers: 1\n')
      const { stdout, code } = answer((operand) => `$I verify c.tar --policy ${operand}`, 'policy.yaml')
      expect(stdout).toContain('POLICY_SIZE')
      expect(code).toBe(1)
    })

    test('is a data-root, with a container to commit', () => {
      using root = dataRoot()
      const id = root.image(['web:1'], first)
      root.container('web', id, first)
      expect(spawnSync('tar', ['-c', '-f', join(folder, 'root.tar'), '-C', root.path, '.']).status).toBe(0)
      const line = (operand: string) =>
        `P() { $I commit "docker-root:$1:@container=web" -t c:1 -f -o made.tar; }; P ${operand}`
      expect(answer(line, 'root.tar').code).toBe(0)
      expect(bash('$I verify made.tar').code).toBe(0)
    })
  },
)

/** An end to write to that writes nothing; none before somebody reads. */
function writerTo(fifo: string): number | undefined {
  try {
    return openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch {
    return undefined
  }
}

describe.skipIf(spawnSync('mkfifo', ['--version']).error !== undefined)('a pipe that nothing comes down', () => {
  let cwd = ''
  let temporary = ''
  beforeEach(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'imgtar-mute-'))
    temporary = await mkdtemp(join(tmpdir(), 'imgtar-mute-temporary-'))
    spawnSync('mkfifo', [join(cwd, 'fifo')])
  })
  afterEach(async () => {
    await rm(cwd, { recursive: true })
    await rm(temporary, { recursive: true })
  })

  test.each([
    ['verify fifo'],
    ['verify --for all fifo'],
    ['ls fifo'],
    ['thin fifo --base fifo -o out.tar'],
    ['salvage fifo -o saved'],
    ['import fifo -o out.tar'],
    ['tar-split check fifo --files .'],
    ['census fifo'],
  ])('does not keep %s from ending at once when interrupted, with nothing left', { timeout: 10_000 }, async (line) => {
    const environment = { TMPDIR: temporary }
    const meanwhile = (child: ChildProcess) => {
      const watching = setInterval(() => {
        const writer = writerTo(join(cwd, 'fifo'))
        if (writer === undefined) return
        clearInterval(watching)
        child.kill('SIGINT')
        child.once('close', () => closeSync(writer))
      }, 10)
    }
    const { exitCode, stderr } = await run(line.split(' '), { cwd, environment, meanwhile })
    expect(exitCode).toBe(130)
    expect(stderr).toContain('interrupted')
    expect(readdirSync(temporary)).toEqual([])
    expect(readdirSync(cwd)).toEqual(['fifo'])
  })
})
