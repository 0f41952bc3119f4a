import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recoverSchema, censusSchema } from '../../../src/model/report-store.js'
import { layerTar } from '../../support/layers.js'
import { docker, imgtar, imgtarJson, type Engine } from './support.js'

// A daemon of our own, since it has to be stopped: only where one can run, and where the run asks for engines.
const CAN_RUN =
  process.env.IMGTAR_ENGINES === '1' && process.getuid?.() === 0 && spawnSync('dockerd', ['--version']).status === 0
if (!CAN_RUN) console.log('data-root: skipped, IMGTAR_ENGINES=1, root and a dockerd are needed')

const FLAGS = ['--iptables=false', '--ip6tables=false', '--bridge=none']
const running: ChildProcess[] = []
const base = CAN_RUN ? mkdtempSync(join(tmpdir(), 'ir-')) : ''

interface Daemon {
  readonly engine: Engine
  readonly root: string
  stop(): Promise<void>
}

async function startDaemon(name: string, driver: string): Promise<Daemon> {
  const at = join(base, name)
  const root = join(at, 'root')
  const host = `unix://${at}/d.sock`
  const args = [...FLAGS, '--storage-driver', driver, '--data-root', root]
  const places = ['--exec-root', join(at, 'exec'), '-H', host, '--pidfile', join(at, 'd.pid')]
  const daemon = spawn('dockerd', [...args, ...places], { stdio: 'ignore' })
  running.push(daemon)
  for (let tries = 0; spawnSync('docker', ['-H', host, 'version']).status !== 0; tries++) {
    if (tries > 120 || daemon.exitCode !== null) throw new Error(`dockerd ${name} did not start`)
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  return { engine: { name, host, store: 'classic' }, root, stop: () => stopped(daemon) }
}

function stopped(daemon: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (daemon.exitCode !== null) resolve()
    daemon.on('exit', () => resolve())
    daemon.kill('SIGTERM')
  })
}

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

const TINY = join(import.meta.dirname, '../../../../shared/corpus/local/tiny.docker20.tar')

// linux/capability.h, revision 2: cap_net_bind_service, permitted.
const CAPABILITY = `\x00\x00\x00\x02\x00\x04${'\x00'.repeat(14)}`

const STEPS = [
  'mkdir /a && echo one > /a/one && ln /a/one /a/two && echo gone > /a/gone && mkdir /o && echo x > /o/x',
  'rm /a/gone && rm -r /o && mkdir /o && echo y > /o/y',
  'printf raw > "$(printf \'/a/\\377\\376\')" && mkdir -p /deep/er && echo z > /deep/er/z',
  'rm -r /deep && echo file > /deep && chmod 4755 /a/one && chown 1000:1000 /a/two',
  ...Array.from({ length: 26 }, (_, at) => `echo ${String(at)} > /a/n${String(at)}`),
]

/** Two images that share layers, one with thirty of its own. */
function buildImages(engine: Engine): void {
  docker(engine, 'load', '-i', TINY)
  const [tiny = ''] = docker(engine, 'images', '-q', '--no-trunc').trim().split('\n')
  const lines = [
    `FROM ${tiny}`,
    'USER 0:0',
    'ADD cap.tar /',
    ...STEPS.map((step) => `RUN ${step}`),
    'LABEL who=<me&you>',
  ]
  const context = join(base, 'context')
  mkdirSync(context, { recursive: true })
  writeFileSync(
    join(context, 'cap.tar'),
    layerTar([{ path: 'capped', content: 'x', xattrs: { 'security.capability': CAPABILITY } }]),
  )
  writeFileSync(join(context, 'Dockerfile'), lines.join('\n'))
  docker(engine, 'build', '--network', 'none', '-t', 'cold/many:1', '-t', 'cold/many:again', '-q', context)
  writeFileSync(join(context, 'Dockerfile'), [...lines.slice(0, 5), 'RUN echo other > /other'].join('\n'))
  docker(engine, 'build', '--network', 'none', '-t', 'cold/few:1', '-q', context)
}

const SCRIPT =
  'echo new > /new; rm /a/two; rm -r /o; mkdir /o; echo w > /o/w; chmod 700 /a /capped; mv /a/one /moved; mkfifo /p; ln -s x /l'

interface Before {
  readonly images: ReadonlyMap<string, string>
  readonly exports: ReadonlyMap<string, string>
}

function lookAt(engine: Engine): Before {
  const rows = docker(engine, 'images', '--no-trunc', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}').trim().split('\n')
  const exports = ['c-made', 'c-run'].map((name): [string, string] => {
    docker(engine, 'export', '-o', join(base, `${name}.tar`), name)
    return [name, sha256(readFileSync(join(base, `${name}.tar`)))]
  })
  return { images: new Map(rows.map((row) => row.split(' ') as [string, string])), exports: new Map(exports) } // two words a row
}

describe.skipIf(!CAN_RUN).each(['overlay2', 'vfs'])('the data-root of a stopped docker 20.10 with %s', (driver) => {
  let before: Before
  let root = ''
  const rescued = join(base, `rescued-${driver}`)

  beforeAll(async () => {
    const daemon = await startDaemon(driver, driver)
    buildImages(daemon.engine)
    docker(daemon.engine, 'create', '--name', 'c-made', '-v', '/vol', 'cold/few:1', '/bin/sh')
    docker(daemon.engine, 'run', '--name', 'c-run', '--network', 'none', 'cold/many:1', '/bin/sh', '-c', SCRIPT)
    before = lookAt(daemon.engine)
    root = daemon.root
    await daemon.stop()
  }, 600_000)

  test('has every image whole', () => {
    const report = censusSchema.parse(imgtarJson('census', root))
    expect(report.images.map(({ state }) => state)).toEqual(report.images.map(() => 'exact'))
    expect(report.layers.filter(({ state, added }) => state !== 'exact' || added.length > 0)).toEqual([])
  }, 120_000)

  test('gives archives with the same image IDs and names, which a fresh daemon loads', async () => {
    const report = recoverSchema.parse(imgtarJson('recover', root, '-o', rescued, '--engine', '20'))
    const images = report.recovered.filter(({ kind }) => kind === 'image')
    const named = images.flatMap(({ names, id }) => names.map((name): [string, string] => [name, id]))
    expect(new Map(named)).toEqual(new Map([...before.images].filter(([name]) => !name.includes('<none>'))))
    const daemon = await startDaemon(`fresh-${driver}`, 'overlay2')
    try {
      for (const { path } of images) docker(daemon.engine, 'load', '-i', path ?? '')
      const rows = docker(daemon.engine, 'images', '--no-trunc', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}')
      const loaded = new Map(
        rows
          .trim()
          .split('\n')
          .map((row) => row.split(' ') as [string, string]),
      ) // two words a row
      for (const [name, id] of named) expect([name, loaded.get(name)]).toEqual([name, id])
    } finally {
      await daemon.stop()
    }
  }, 300_000)

  test.each(['c-made', 'c-run'])(
    'gives the export of the container %s byte by byte',
    (name) => {
      expect(sha256(readFileSync(join(rescued, `${name}.container.tar`)))).toBe(before.exports.get(name))
      const answer = imgtar(
        'export',
        `docker-root:${root}:@container=${name}`,
        '-o',
        join(base, 'x.tar'),
        '-f',
        '--engine',
        '20',
      )
      expect(answer.status).toBe(0)
      expect(sha256(readFileSync(join(base, 'x.tar')))).toBe(before.exports.get(name))
    },
    60_000,
  )

  test('names exactly the files that are damaged, over several layers, and keeps the other images', () => {
    const { layers, images } = censusSchema.parse(imgtarJson('census', root))
    const few = images.find(({ names }) => names.includes('cold/few:1'))?.imageID ?? ''
    const own = layers.filter((layer) => layer.cacheID !== null && !layer.images.includes(few))
    const below =
      driver === 'overlay2'
        ? (id: string) => join(root, 'overlay2', id, 'diff')
        : (id: string) => join(root, 'vfs/dir', id)
    const holding = (path: string) => {
      const found = own.map(({ cacheID }) => join(below(cacheID ?? ''), path)).filter((file) => existsSync(file))
      return found[0] ?? ''
    }
    const [changed, deleted, cut] = [holding('a/n3'), holding('a/n5'), holding('a/n17')]
    writeFileSync(changed, readFileSync(changed, 'latin1').replace('3', '4'))
    rmSync(deleted)
    truncateSync(cut, 1)
    writeFileSync(join(dirname(holding('a/n9')), 'stranger'), 'who am I')
    const answer = imgtar('census', root, '--json')
    expect(answer.status).toBe(1)
    const after = censusSchema.parse(JSON.parse(answer.stdout))
    const damaged = after.layers.flatMap((layer) => layer.damaged.map(({ path, problem }) => `${path} ${problem}`))
    expect(damaged.sort()).toEqual(['a/n17 size', 'a/n3 content', 'a/n5 missing'])
    expect(after.layers.flatMap(({ added }) => added)).toEqual(['a/stranger'])
    const states = after.images.flatMap(({ names, state }) => names.map((name) => `${name} ${state}`))
    expect(states).toContain('cold/few:1 exact')
    expect(states).toContain('cold/many:1 damaged')
  }, 120_000)
})

afterAll(async () => {
  for (const daemon of running) await stopped(daemon)
  if (!existsSync(base)) return
  for (const name of readdirSync(base)) {
    for (const sub of ['root', 'exec']) spawnSync('umount', ['-q', '-R', join(base, name, sub)])
  }
  rmSync(base, { recursive: true, force: true })
})
