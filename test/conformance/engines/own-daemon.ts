import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { z } from 'zod'
import type { Engine } from './support.js'

const listed = z.array(z.object({ Id: z.string() }))
// Untagged images have no list, an empty one or one of `<none>:<none>`.
const inspected = z.object({ RepoTags: z.array(z.string()).nullish() })

/** An image that a daemon shows: its names are sorted. */
export interface ShownImage {
  readonly id: string
  readonly names: readonly string[]
}

/** How a `docker load` ended; `undefined` where it did not within the time. */
export interface LoadEnd {
  readonly status: number | undefined
  readonly text: string
}

/** A dockerd that only this run uses, so that it can be emptied, and may die. */
export interface OwnDaemon {
  readonly host: string
  /** Whether it has unpigz to uncompress with; otherwise it does so itself. */
  readonly hasUnpigz: boolean
  load(file: string, timeout: number): Promise<LoadEnd>
  images(): Promise<readonly ShownImage[]>
  /** Why no container can be made of an image; undefined where one can. */
  createFault(id: string): Promise<string | undefined>
  /** Removes all images. */
  empty(): Promise<void>
  isAlive(): Promise<boolean>
  /** Ends it, however stuck it is, and starts it with nothing in it. */
  renew(): Promise<void>
  /** Its data-root. */
  readonly root: string
  /** Ends it, and leaves what it stored. */
  halt(): Promise<void>
  /** Ends it, and removes what it stored. */
  stop(): Promise<void>
}

/** Whether daemons can be started here. */
export const CAN_START = process.getuid?.() === 0 && spawnSync('dockerd', ['--version']).status === 0

const FLAGS = ['--iptables=false', '--ip6tables=false', '--bridge=none']

/**
 * Starts the same dockerd that `engine` is, beside it, with a data-root of its own. `engine.host` is
 * `unix://FOLDER/peer-NAME/d.sock`, where FOLDER is the root that the daemon runs in but for docker 20.10.
 */
export async function startOwn(engine: Engine, flags: readonly string[] = []): Promise<OwnDaemon> {
  const peer = join(engine.host.slice('unix://'.length), '..')
  const folder = join(peer, '..')
  const isHost = peer.endsWith('/peer-20')
  const name = `imgtar-own-${process.pid}-${peer.slice(peer.lastIndexOf('-') + 1)}${flags.join('')}`
  const [inside, outside] = [isHost ? join(folder, name) : `/${name}`, join(folder, name)]
  mkdirSync(join(outside, 'bin'), { recursive: true })
  // The packages of docker only recommend it, so that it may be missing where the daemon runs.
  if (existsSync('/usr/bin/xz')) copyFileSync('/usr/bin/xz', join(outside, 'bin/xz'))
  const env = { ...process.env, PATH: `${inside}/bin:${process.env.PATH ?? ''}` }
  const socket = join(outside, 'd.sock')
  const places = ['--data-root', `${inside}/root`, '--exec-root', `${inside}/exec`, '--pidfile', `${inside}/d.pid`]
  const store = engine.store === 'containerd' ? ['--config-file', '/peer-28c/daemon.json'] : []
  const args = [...store, ...flags, ...FLAGS, ...places, '-H', `unix://${inside}/d.sock`]
  const rest = isHost ? ['dockerd', ...args] : ['chroot', folder, 'dockerd', ...args]
  let daemon: ChildProcess | undefined

  const start = async () => {
    rmSync(join(outside, 'd.pid'), { force: true })
    // It ends with the run, however that ends.
    daemon = spawn('setpriv', ['--pdeathsig', 'TERM', ...rest], { stdio: 'ignore', env })
    for (let tries = 0; !(await isAlive(socket)); tries++) {
      if (tries > 240 || daemon.exitCode !== null) throw new Error(`${engine.name} of our own did not start`)
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
  }
  const end = async (signal: NodeJS.Signals) => {
    const one = daemon
    daemon = undefined
    if (one === undefined || one.exitCode !== null || one.signalCode !== null) return
    const ended = new Promise((resolve) => one.on('exit', resolve))
    one.kill(signal)
    await ended
  }
  const renew = async (signal: NodeJS.Signals) => {
    await end(signal)
    endContainerd(join(outside, 'exec/containerd/containerd.pid'))
    for (const part of ['root', 'exec']) removeTree(join(outside, part))
    await start()
  }
  await start()
  return {
    host: `unix://${socket}`,
    hasUnpigz: existsSync(join(isHost ? '/' : folder, 'usr/bin/unpigz')),
    load: (file, timeout) => load(`unix://${socket}`, file, timeout),
    images: () => shownImages(socket),
    createFault: (id) => createFault(socket, id),
    async empty() {
      if (!(await removeImages(socket))) await renew('SIGTERM')
    },
    isAlive: () => isAlive(socket),
    renew: () => renew('SIGKILL'),
    root: join(outside, 'root'),
    halt: () => end('SIGTERM'),
    async stop() {
      await end('SIGTERM')
      endContainerd(join(outside, 'exec/containerd/containerd.pid'))
      removeTree(outside)
    },
  }
}

/** dockerd that is killed leaves the containerd that it started. */
function endContainerd(pidFile: string): void {
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0
  if (pid === 0) return
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended with its dockerd.
  }
}

/** Removes a folder in which an engine left something mounted, as dockerd does its data-root on itself. */
export function removeTree(path: string): void {
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n')
  const within = mounts.map((line) => line.split(' ')[1] ?? '').filter((at) => `${at}/`.includes(`${path}/`))
  // What a killed daemon started may hold them for a while yet: they go from here at once, and the files when it has ended.
  for (const at of within.sort().reverse()) spawnSync('umount', ['-l', at])
  rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
}

interface Response {
  readonly status: number
  readonly body: unknown
}

function api(socketPath: string, method: string, path: string, body?: unknown): Promise<Response> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const call = request({ socketPath, method, path, headers, timeout: 60_000 }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('error', reject)
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text,
        })
      })
    })
    call.on('timeout', () => call.destroy(new Error(`${method} ${path}: no answer`)))
    call.on('error', reject)
    call.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

async function isAlive(socket: string): Promise<boolean> {
  const answer = await api(socket, 'GET', '/_ping').catch(() => undefined)
  return answer?.status === 200
}

function load(host: string, file: string, timeout: number): Promise<LoadEnd> {
  return new Promise((resolve) => {
    execFile('docker', ['-H', host, 'load', '-i', file], { timeout, encoding: 'utf8' }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code
      const hasEnded = error?.killed !== true && typeof code === 'number'
      resolve({ status: hasEnded ? code : undefined, text: `${stdout}${stderr}`.trim() })
    })
  })
}

async function shownImages(socket: string): Promise<readonly ShownImage[]> {
  const { body } = await api(socket, 'GET', '/images/json')
  const ids = new Set(listed.parse(body).map(({ Id }) => Id))
  return Promise.all([...ids].map((id) => shownImage(socket, id)))
}

/** The list leaves out names that are none, which an image has all the same. */
async function shownImage(socket: string, id: string): Promise<ShownImage> {
  const { body } = await api(socket, 'GET', `/images/${id}/json`)
  const { RepoTags } = inspected.parse(body)
  return { id, names: [...new Set(RepoTags ?? [])].filter((name) => name !== '<none>:<none>').sort() }
}

const created = z.object({ Id: z.string() })
const failed = z.object({ message: z.string() })

async function createFault(socket: string, id: string): Promise<string | undefined> {
  const { status, body } = await api(socket, 'POST', '/containers/create', { Image: id, Cmd: ['x'] })
  if (status !== 201) return failed.safeParse(body).data?.message ?? 'no words'
  await api(socket, 'DELETE', `/containers/${created.parse(body).Id}?force=1`)
  return undefined
}

/** Removes what can be removed; false where something stays, such as names that no reference may have. */
async function removeImages(socket: string): Promise<boolean> {
  for (let before = Infinity; ;) {
    // Images that others are made from are listed only once those are gone, and some only with `all`.
    const { body } = await api(socket, 'GET', '/images/json?all=1')
    const ids = new Set(listed.parse(body).map(({ Id }) => Id))
    if (ids.size === 0) return true
    if (ids.size >= before) return false
    before = ids.size
    for (const id of ids) await api(socket, 'DELETE', `/images/${id}?force=1`)
  }
}
