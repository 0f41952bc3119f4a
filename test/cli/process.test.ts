import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { testFolder } from '../support/folder.js'
import { layerTar } from '../support/layers.js'
import { dockerArchive, layerOf } from './images.js'
import { BIN, run } from './run.js'

const web = dockerArchive({ names: ['web:1'], layers: [layerOf('a', 'a')] })
const many = layerTar(
  Array.from({ length: 20_000 }, (_, index) => ({ path: `a-file-with-a-name-${index}`, content: '' })),
)

const at = testFolder({ 'web.tar': web, 'many.tar': many })

// What Node tells of its loading is more than a megabyte from 24 on.
const shell = (script: string) =>
  spawnSync('bash', ['-c', script, process.execPath, BIN], {
    cwd: at(),
    encoding: 'utf8',
    timeout: 60_000,
    maxBuffer: 2 ** 26,
  })

test('a reader that leaves early is no failure', () => {
  const { stdout, stderr } = shell('"$0" "$1" ls many.tar | head -n 1; echo "exit ${PIPESTATUS[0]}"')
  expect(stdout).toMatch(/^-rw-r--r-- 0 0 0 .* \/a-file-with-a-name-0\nexit 0\n$/)
  expect(stderr).toBe('')
})

test('a long listing comes whole through a pipe', async () => {
  const { stdout, exitCode } = await run(['ls', 'many.tar'], { cwd: at() })
  expect(stdout.split('\n')).toHaveLength(20_001)
  expect(exitCode).toBe(0)
})

test.skipIf(!existsSync('/usr/bin/script'))(
  'on a terminal the progress line is gone before a file is printed, and never comes back',
  () => {
    const { stdout } = shell(`script -qec 'stty cols 80; "'"$0"'" "'"$1"'" cat web.tar a' /dev/null < /dev/null`)
    expect(stdout).toMatch(/\u001b\[Kmerge .*\r\u001b\[Ka$/)
  },
)

test.skipIf(!existsSync('/dev/full'))('a full disk behind stdout is trouble, not a pass', () => {
  const { status, stderr } = shell('"$0" "$1" verify web.tar > /dev/full')
  expect(status).toBe(2)
  expect(stderr).toMatch(/no space left on device.*\(ERR_IO\)/)
})

test('SIGINT while a pipe is read ends with 130 and says so', async () => {
  const ended = await run(['verify', '-'], {
    cwd: at(),
    meanwhile(child) {
      child.stdin?.write(web.subarray(0, 700))
      setTimeout(() => child.kill('SIGINT'), 1500)
    },
  })
  expect(ended).toMatchObject({ exitCode: 130, signal: null, stdout: '', stderr: 'imgtar: interrupted\n' })
})

test('colour comes by FORCE_COLOR, and goes by NO_COLOR and --no-color', async () => {
  const coloured = await run(['verify', 'web.tar'], { cwd: at(), environment: { FORCE_COLOR: '1' } })
  const plain = await run(['verify', 'web.tar'], { cwd: at(), environment: { FORCE_COLOR: '1', NO_COLOR: '1' } })
  const refused = await run(['verify', '--no-color', 'web.tar'], { cwd: at(), environment: { FORCE_COLOR: '1' } })
  expect(coloured.stdout).toContain('\u001b[32mwhole\u001b[39m')
  expect([plain.stdout, refused.stdout].join('')).not.toContain('\u001b')
})

test('a pipe has no progress on it unless it is asked for, and stdout never has', async () => {
  const { stdout, stderr } = await run(['verify', 'many.tar'], { cwd: at() })
  expect(stderr).toBe('')
  expect(stdout).not.toContain('\r')
})

// The bundle is cut where modules are imported late, so that what tsc wrote tells of both.
test('help, version and usage errors load no schema, no format and no operation', async () => {
  const main = new URL('../../dist/cli/main.js', import.meta.url).href
  await writeFile(at('plain.mjs'), `import { main } from '${main}'\nawait main(process.argv.slice(2))\n`)
  const heavy = /zod|\/dist\/(?:formats|ops|tree|bytes)\//
  // Node 24 says so much that only the names may come through.
  const names = "grep -oE 'zod|/dist/[a-z]+/' | sort -u"
  const loaded = (line: string): string => shell(`NODE_DEBUG=esm "$0" plain.mjs ${line} 2>&1 | ${names}`).stdout
  expect(loaded('verify web.tar')).toMatch(heavy)
  for (const line of ['--help', 'verify --help', '--version', 'verify --nonsense', 'ls']) {
    expect(loaded(line)).not.toMatch(heavy)
  }
})

test('the bundle starts from few files, and help from fewer', async () => {
  const loader = new URL('../../dist/cli/load-bundle.js', import.meta.url).href
  const program = `
    const { bundleLoader } = await import('${loader}')
    let files = 0
    const load = bundleLoader(() => void files++)
    process.on('exit', () => process.stderr.write('files: ' + files))
    await load('main.js').main(process.argv.slice(2))`
  await writeFile(at('counting.mjs'), program)
  const loaded = (line: string): number =>
    Number(/files: (\d+)$/.exec(shell(`"$0" counting.mjs ${line}`).stderr)?.[1] ?? Number.NaN)
  expect(loaded('verify web.tar')).toBeLessThan(100)
  expect(loaded('--help')).toBeLessThan(loaded('verify web.tar') / 2)
  expect(loaded('--help')).toBeGreaterThan(0)
})
