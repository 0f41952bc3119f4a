import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const environment = process.env

/** A docker daemon to compare with: `store` says which image store it has. */
export interface Engine {
  readonly name: string
  readonly host: string
  readonly store: 'classic' | 'containerd'
}

const engine = (name: string, variable: string, store: Engine['store']): Engine => {
  const host = environment[variable] ?? ''
  if (host === '') console.log(`${name}: skipped, ${variable} is not set`)
  return { name, host, store }
}

/** The daemons that .ci/run starts; one that is not there has no host, and its tests are skipped. */
export const ENGINES: readonly Engine[] = [
  engine('docker 20.10', 'DOCKER_20', 'classic'),
  engine('docker 26.1', 'DOCKER_26', 'classic'),
  engine('docker 28.5', 'DOCKER_28', 'classic'),
  engine('docker 28.5 with the containerd store', 'DOCKER_28C', 'containerd'),
]

const peersDirectory = environment.IMGTAR_PEERS_DIR ?? ''
const peersScript = environment.IMGTAR_PEERS_SCRIPT ?? join(root, '../shared/peers/peers.sh')

/** Whether skopeo, podman, umoci and crane can be called. */
export const HAVE_TOOLS = peersDirectory !== '' && (environment.PEERS_SID ?? '') !== ''
if (!HAVE_TOOLS) console.log('skopeo, podman: skipped, IMGTAR_PEERS_DIR or PEERS_SID is not set')

/** What a command answered. */
export interface Answer {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

function call(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Answer {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    timeout: 240_000,
    ...options,
  })
  if (error !== undefined) throw error
  return { status, stdout, stderr }
}

function must(what: string, answer: Answer): string {
  if (answer.status === 0) return answer.stdout
  throw new Error(`${what}: exit ${String(answer.status)}\n${answer.stdout}${answer.stderr}`)
}

/** Calls docker against one daemon and gives its stdout; throws when docker fails. */
export function docker({ host, name }: Engine, ...args: string[]): string {
  const env = { ...environment, DOCKER_BUILDKIT: '0', DOCKER_HOST: host, TZ: 'UTC' }
  return must(`${name}: docker ${args.join(' ')}`, call('docker', args, { env }))
}

/** Calls skopeo, podman, umoci or crane of the newest Debian; paths must be absolute and below /tmp. */
export function tool(...args: string[]): string {
  return must(args.join(' '), call('bash', [peersScript, 'run', peersDirectory, ...args], { cwd: '/tmp' }))
}

/** Runs the built `imgtar` as a user would. */
export function imgtar(...args: string[]): Answer {
  return call(process.execPath, [join(root, 'bin/imgtar.mjs'), ...args])
}

/** The report of `imgtar … --json`; throws unless the exit code is 0. */
export function imgtarJson(...args: string[]): unknown {
  return JSON.parse(must(`imgtar ${args.join(' ')}`, imgtar(...args, '--json')))
}

/** What `imgtar verify -` answers to what the daemon writes into the pipe. */
export function verifySaved({ host }: Engine, ...images: string[]): Answer {
  const script = 'docker -H "$1" save "$2" | "$3" "$4" verify - --json'
  return call('bash', [
    '-o',
    'pipefail',
    '-c',
    script,
    'bash',
    host,
    ...images,
    process.execPath,
    join(root, 'bin/imgtar.mjs'),
  ])
}

/** A folder below /tmp, which the tools see too, or below another place; `remove` deletes it. */
export function workFolder(place = tmpdir()): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(place, 'imgtar-engines-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
