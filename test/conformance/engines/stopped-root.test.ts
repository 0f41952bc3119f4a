import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { docker, imgtar, imgtarJson, workFolder, type Engine } from './support.js'

const canRun =
  process.getuid?.() === 0 && process.env.DOCKER_20 !== undefined && spawnSync('dockerd', ['-v']).status === 0
if (!canRun) console.log('a daemon of our own: skipped, it needs root, dockerd and DOCKER_20')

const image = z.object({ layers: z.array(z.object({ diffID: z.string() })) })
const diffIDsOf = (archive: string) => {
  const { images } = z.object({ images: z.array(image) }).parse(imgtarJson('inspect', archive))
  return images.map(({ layers }) => layers.map(({ diffID }) => diffID))
}

const peers = process.env.IMGTAR_PEERS_DIR ?? ''
const SUB_IDS = 'nobody:231072:65536\nnogroup:231072:65536\n'

/** A daemon that can be started on a root of its own. */
interface Daemon {
  readonly name: string
  /** What it is locked into; the place of its root is below it. */
  readonly jail: string
  /** Where below its root the images lie. */
  readonly home: string
  /** Major version, for headers. */
  readonly version: string
  /** It runs as root of a user namespace, which is user 1000 outside. */
  readonly isRootless?: boolean
}

const DAEMONS: readonly Daemon[] = [
  { name: 'docker 20.10', jail: '', home: '', version: '20' },
  { name: 'docker 20.10 with a user namespace', jail: '', home: '231072.231072', version: '20' },
  { name: 'docker 20.10 without root', jail: '', home: '', version: '20', isRootless: true },
  { name: 'docker 26.1', jail: join(peers, 'trixie'), home: '', version: '26' },
  { name: 'docker 28.5', jail: join(peers, 'sid'), home: '', version: '28' },
]
const daemons = DAEMONS.filter(({ name, jail }) => {
  const isThere = canRun && existsSync(join(jail === '' ? '/' : jail, 'usr/sbin/dockerd'))
  if (canRun && !isThere) console.log(`${name}: skipped, it is not installed`)
  return isThere
})

const USER = 1000
const USER_IDS = `0 ${USER} 1\n1 100000 65536\n`
const USERNS = `${USER}:${USER},100000:100000`

/** Starts a daemon as rootlesskit does: as root of a user namespace, with a /run of its own. */
async function startRootless(folder: string, words: readonly string[]): Promise<ChildProcess> {
  const bin = join(folder, 'bin')
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, 'rootlesskit-docker-proxy'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
  for (const name of ['.', 'root', 'exec']) {
    mkdirSync(join(folder, name), { recursive: true })
    chownSync(join(folder, name), USER, USER)
  }
  const inside = 'mount -t tmpfs tmpfs /run && mkdir /run/docker && exec dockerd --rootless --userland-proxy=false "$@"'
  const become = 'read go && exec setpriv --reuid 0 --regid 0 --clear-groups sh -c "$0" dockerd "$@"'
  const env = {
    PATH: `${bin}:${process.env.PATH ?? ''}`,
    HOME: folder,
    XDG_RUNTIME_DIR: folder,
    ROOTLESSKIT_STATE_DIR: folder,
  }
  const stdio: ['pipe', 'ignore', 'ignore'] = ['pipe', 'ignore', 'ignore']
  const child = spawn('unshare', ['-U', '--keep-caps', '-m', '-n', 'sh', '-c', become, inside, ...words], {
    stdio,
    env,
  })
  const space = () => readlinkSync(`/proc/${child.pid ?? 0}/ns/user`)
  while (space() === readlinkSync('/proc/self/ns/user')) await new Promise((resolve) => setTimeout(resolve, 10))
  for (const map of ['uid_map', 'gid_map']) writeFileSync(`/proc/${child.pid ?? 0}/${map}`, USER_IDS)
  child.stdin.end('go\n')
  return child
}

/** A daemon's command line, in a mount namespace of its own where it needs other files of the system. */
function commandOf({ jail, home }: Daemon, folder: string, words: readonly string[]): readonly [string, string[]] {
  if (jail !== '') return ['chroot', [jail, 'dockerd', ...words]]
  if (home === '') return ['dockerd', [...words]]
  const ids = join(folder, 'sub-ids')
  writeFileSync(ids, SUB_IDS)
  const script = 'mount --bind "$0" /etc/subuid && mount --bind "$0" /etc/subgid && exec dockerd "$@"'
  return ['unshare', ['-m', 'sh', '-c', script, ids, '--userns-remap', 'nobody:nogroup', ...words]]
}

describe.skipIf(!canRun).each(daemons)('$name that is started and stopped', { timeout: 240_000 }, (kind) => {
  const folder = workFolder(kind.jail === '' ? undefined : kind.jail)
  const root = join(folder.path, 'root', kind.home)
  const engine: Engine = { name: 'our dockerd', host: `unix://${folder.path}/d.sock`, store: 'classic' }
  const given = join(folder.path, 'given.tar')
  let daemon: ChildProcess | undefined

  async function start() {
    const inside = folder.path.slice(kind.jail.length)
    const places = ['--data-root', `${inside}/root`, '--exec-root', `${inside}/exec`, '--pidfile', `${inside}/d.pid`]
    const flags = ['--iptables=false', '--ip6tables=false', '--bridge=none', '-s', 'overlay2']
    const options = [...flags, '-H', `unix://${inside}/d.sock`, ...places]
    const [command, words] = commandOf(kind, folder.path, options)
    daemon =
      kind.isRootless === true ? await startRootless(folder.path, options) : spawn(command, words, { stdio: 'ignore' })
    for (let left = 120; left > 0; left--) {
      if (spawnSync('docker', ['-H', engine.host, 'version']).status === 0) return
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
    throw new Error('dockerd did not start')
  }

  async function stop(): Promise<void> {
    const one = daemon
    daemon = undefined
    if (one === undefined) return
    const ended = new Promise((resolve) => one.on('exit', resolve))
    one.kill('SIGTERM')
    await ended
  }

  beforeAll(() => {
    chmodSync(folder.path, 0o711) // root of a user namespace must get in
    mkdirSync(root, { recursive: true })
    const tree = join(folder.path, 'tree')
    const script = `mkdir -p ${tree}/bin ${tree}/d/sub && cp /bin/busybox ${tree}/bin/sh && echo 1 >${tree}/d/one &&
      ln ${tree}/d/one ${tree}/d/two && echo 2 >${tree}/d/sub/old && chown 7:8 ${tree}/d/sub/old && chmod 4755 ${tree}/bin/sh &&
      tar -C ${tree} -cf ${folder.path}/tree.tar . && mkdir -p ${folder.path}/up/d/sub && cd ${folder.path}/up &&
      echo new >d/sub/new && touch d/.wh.one d/sub/.wh..wh..opq && tar -cf ${folder.path}/up.tar d`
    expect(spawnSync('bash', ['-c', script]).status).toBe(0)
    const base = join(folder.path, 'base.tar')
    expect(imgtar('import', `${folder.path}/tree.tar`, '-c', 'CMD ["/bin/sh"]', '-o', base)).toMatchObject({
      status: 0,
    })
    expect(imgtar('append', base, `${folder.path}/up.tar`, '-o', `${folder.path}/two.tar`)).toMatchObject({ status: 0 })
    const named = imgtar('tag', `${folder.path}/two.tar`, 'imgtar-stopped:1', '-o', given)
    expect(named, named.stderr).toMatchObject({ status: 0 })
  }, 240_000)
  afterAll(async () => {
    await stop()
    for (const name of ['root', 'exec']) spawnSync('umount', ['-q', '-R', join(folder.path, name)])
    folder.remove()
  }, 60_000)

  test('has, runs and saves the images that were loaded into its root', async () => {
    const ids = kind.isRootless === true ? ['--userns', USERNS] : []
    const loaded = imgtar('load', given, '--into', `docker-root:${root}`, ...ids)
    expect(loaded, loaded.stderr).toMatchObject({ status: 0 })
    await start()
    expect(docker(engine, 'images', '--format', '{{.Repository}}:{{.Tag}}')).toBe('imgtar-stopped:1\n')
    const script = 'echo /d/* /d/sub/*'
    expect(docker(engine, 'run', '--rm', '--network', 'none', 'imgtar-stopped:1', '/bin/sh', '-c', script)).toBe(
      '/d/sub /d/two /d/sub/new\n',
    )
    const saved = join(folder.path, 'saved.tar')
    docker(engine, 'save', '-o', saved, 'imgtar-stopped:1')
    expect(diffIDsOf(saved)).toEqual(diffIDsOf(given))
    const refused = imgtar('load', given, '--into', `docker-root:${root}`)
    expect(refused.stderr).toContain('a daemon seems to run')
  })

  test('commits a container to the layer that imgtar makes of it afterwards', async () => {
    // A daemon without root compares trees: its markers of what is deleted have the time at which it did.
    const deletes = kind.isRootless === true ? '' : 'rm /d/two; rm -r /d/sub; mkdir /d/sub;'
    const script = `echo hello >/d/three; mkdir -p /e/f; ${deletes} echo x >/d/sub/y`
    docker(engine, 'run', '--name', 'web', '--network', 'none', 'imgtar-stopped:1', '/bin/sh', '-c', script)
    docker(engine, 'commit', '-a', 'Me', '-m', 'why & how', '-c', 'ENV A=1', 'web', 'theirs:1')
    const theirs = join(folder.path, 'theirs.tar')
    docker(engine, 'save', '-o', theirs, 'theirs:1')
    await stop()
    const ours = join(folder.path, 'ours.tar')
    const container = `docker-root:${root}:@container=web`
    const options = [
      '-a',
      'Me',
      '-m',
      'why & how',
      '-c',
      'ENV A=1',
      '-t',
      'ours:1',
      '--engine',
      kind.version,
      '-o',
      ours,
    ]
    const made = imgtar('commit', container, ...options)
    expect(made, made.stderr).toMatchObject({ status: 0 })
    expect(diffIDsOf(ours)).toEqual(diffIDsOf(theirs))
    await start()
    docker(engine, 'load', '-i', ours)
    expect(docker(engine, 'run', '--rm', '--network', 'none', 'ours:1', '/bin/sh', '-c', 'echo $A; echo /d/*')).toBe(
      deletes === '' ? '1\n/d/sub /d/three /d/two\n' : '1\n/d/sub /d/three\n',
    )
  })
})
