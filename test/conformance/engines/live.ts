import { execFile, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import type { EngineName } from '../../../src/model/engine-names.js'
import { familiarTagged } from '../../../src/model/reference.js'
import type { Prediction } from '../../../src/ops/engines/prediction.js'
import { removeTree, startOwn, type OwnDaemon } from './own-daemon.js'
import { tool, type Engine } from './support.js'

/** What an engine made of an archive. */
export interface Said {
  readonly verdict: 'taken' | 'refused' | 'hangs' | 'crashes'
  /** Its own, in full. */
  readonly words: string
  /** `ID name,name` of each image that it shows, sorted; absent where it has no way to show them. */
  readonly images?: readonly string[]
  /** The IDs of those that no container can be made of. */
  readonly unusable?: readonly string[]
}

/** An engine that is here. */
export interface LiveEngine {
  readonly name: string
  readonly rules: EngineName
  /** Undefined where the question makes no sense for this engine. */
  ask(file: string, prediction: Prediction): Promise<Said | undefined>
  /** Whether it has to do without unpigz. */
  lacksUnpigz?(): Promise<boolean>
  stop(): Promise<void>
}

/** Longer than any load here takes, where one is not foretold to take for ever; a stack of 1 GB overflows slowly. */
const PATIENCE = { sound: 90_000, hangs: 4_000, crashes: 300_000 }

/** dockerd, emptied after each archive; started by the first question. */
export function dockerLive(name: string, rules: EngineName, engine: Engine, flags: readonly string[] = []): LiveEngine {
  let daemon: Promise<OwnDaemon> | undefined
  return {
    name,
    rules,
    async ask(file, prediction) {
      daemon ??= startOwn(engine, flags)
      return askDaemon(await daemon, file, prediction)
    },
    lacksUnpigz: async () => (await daemon)?.hasUnpigz === false,
    async stop() {
      await (await daemon)?.stop()
    },
  }
}

async function askDaemon(daemon: OwnDaemon, file: string, { verdict, images }: Prediction): Promise<Said> {
  const { status, text } = await daemon.load(
    file,
    verdict === 'hangs' || verdict === 'crashes' ? PATIENCE[verdict] : PATIENCE.sound,
  )
  if (status === undefined || !(await daemon.isAlive())) {
    await daemon.renew()
    return { verdict: status === undefined ? 'hangs' : 'crashes', words: text }
  }
  const shown = await daemon.images()
  const unusable: string[] = []
  for (const id of new Set(
    images.flatMap(({ imageID = '' }) => shown.filter((image) => image.id === imageID)).map(({ id }) => id),
  )) {
    if ((await daemon.createFault(id)) !== undefined) unusable.push(id)
  }
  await daemon.empty()
  const lines = shown.map(({ id, names }) => lineOf(id, names.map(familiarTagged).sort()))
  return { verdict: status === 0 ? 'taken' : 'refused', words: text, images: lines.sort(), unusable: unusable.sort() }
}

/** An image as it is compared. */
export function lineOf(id: string, names: readonly string[]): string {
  return `${id} ${names.join()}`
}

interface Ran {
  readonly status: number
  readonly stdout: string
  readonly words: string
}

function run(command: string, args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { timeout: PATIENCE.sound, encoding: 'utf8', maxBuffer: 1 << 26 } as const
    execFile(command, [...args], options, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ status, stdout, words: stderr.trim() })
    })
  })
}

/** How to call a tool: of the system here, or of the newest Debian in its own root. */
export type Call = (...args: string[]) => Promise<Ran>

/**
 * skopeo and podman unpack archives below /var/tmp, whatever TMPDIR says; of an entry named `..` they make /var/tmp itself
 * a file, with all that was in it gone. So they get one of their own, which nobody else sees and nobody can remove.
 */
function guarded(root: string, command: readonly string[]): Promise<Ran> {
  const script = 'mount -t tmpfs tmpfs "$0/var/tmp" && exec "$@"'
  return run('unshare', ['-m', 'sh', '-c', script, root, ...command])
}

/** The tools of the newest Debian; only /tmp is visible to them. */
export function newestTools(): Call {
  tool('true')
  const root = process.env.PEERS_SID ?? ''
  return (...args) => guarded(root, ['chroot', root, ...args])
}

/** The tools of this system, where they are of the version that the rules were seen on. */
export function systemTool(name: string, version: string): Call | undefined {
  const { status, stdout } = spawnSync(name, ['--version'], { encoding: 'utf8' })
  const isThere = status === 0 && stdout.includes(` ${version}`)
  return isThere ? (...args) => guarded('', args) : undefined
}

const folder = mkdtempSync('/tmp/imgtar-live-')
let count = 0

/** Removes what the tools left. */
export function removeWork(): void {
  rmSync(folder, { recursive: true, force: true })
}

/** Copies an archive to where every tool sees it, and gives it and a place for what comes out. */
async function beside<T>(file: string, ask: (copy: string, out: string) => Promise<T>): Promise<T> {
  const at = join(folder, String(count++))
  mkdirSync(at)
  const copy = join(at, basename(file))
  cpSync(file, copy, { recursive: true })
  try {
    return await ask(copy, join(at, 'out'))
  } finally {
    removeTree(at)
  }
}

const none = () => Promise.resolve()

const dirManifest = z.object({ config: z.object({ digest: z.string() }) })

/** skopeo copies each image to a `dir:`, whose manifest names the config, which is the image ID. */
export function skopeoLive(name: string, rules: EngineName, call: Call, transport: string): LiveEngine {
  const copyOf = async (source: string, out: string) => {
    const { status, words } = await call('skopeo', 'copy', '-q', source, `dir:${out}`)
    if (status !== 0) return { words }
    const { config } = dirManifest.parse(JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')))
    rmSync(out, { recursive: true })
    return { words, id: config.digest }
  }
  return {
    name,
    rules,
    ask: (file, { images }) =>
      beside(file, async (copy, out) => {
        const suffixes = images.length > 1 ? images.map((_, index) => `:@${index}`) : ['']
        const copies = []
        for (const suffix of suffixes) copies.push(await copyOf(`${transport}:${copy}${suffix}`, out))
        const lines = copies.flatMap(({ id }) => (id === undefined ? [] : [lineOf(id, [])]))
        const isTaken = copies.every(({ id }) => id !== undefined)
        return {
          verdict: isTaken ? 'taken' : 'refused',
          words: copies.map(({ words }) => words).join('\n'),
          images: lines.sort(),
        }
      }),
    stop: none,
  }
}

/** podman with an empty store for each archive. */
export function podmanLive(name: string, rules: EngineName, call: Call, driver: string): LiveEngine {
  return {
    name,
    rules,
    ask: (file) =>
      beside(file, async (copy, out) => {
        const store = ['--root', `${out}/root`, '--runroot', `${out}/run`, '--storage-driver', driver]
        const { status, words } = await call('podman', ...store, 'load', '-q', '-i', copy)
        const format = '{{.ID}} {{.Repository}}:{{.Tag}}'
        const { stdout } = await call('podman', ...store, 'images', '--no-trunc', '--format', format)
        return {
          verdict: status === 0 ? 'taken' : 'refused',
          words,
          images: stdout
            .trim()
            .split('\n')
            .filter((line) => line !== '')
            .sort(),
        }
      }),
    stop: none,
  }
}

/** crane only says whether an archive is sound. */
export function craneLive(name: string, rules: EngineName, call: Call): LiveEngine {
  return {
    name,
    rules,
    ask: (file) =>
      beside(file, async (copy) => {
        const { status, words } = await call('crane', 'validate', '--tarball', copy)
        return { verdict: status === 0 ? 'taken' : 'refused', words }
      }),
    stop: none,
  }
}

const umociStat = z.object({ config: z.object({ descriptor: z.object({ digest: z.string() }) }) })

const refs = z.object({ manifests: z.array(z.object({ annotations: z.record(z.string(), z.string()).nullish() })) })

/** umoci reads layouts: an archive is extracted for it; what has no index is nothing to ask about. */
export function umociLive(name: string, rules: EngineName, call: Call): LiveEngine {
  return {
    name,
    rules,
    ask: (file) =>
      beside(file, async (copy, out) => {
        const layout = layoutOf(copy, out)
        if (layout === undefined) return undefined
        const tag = tagOf(layout)
        const { status, stdout, words } = await (tag === undefined
          ? call('umoci', 'list', '--layout', layout)
          : call('umoci', 'stat', '--image', `${layout}:${tag}`, '--json'))
        const stat = tag === undefined || status !== 0 ? undefined : umociStat.parse(JSON.parse(stdout))
        return {
          verdict: status === 0 ? 'taken' : 'refused',
          words,
          ...(stat !== undefined && { images: [lineOf(stat.config.descriptor.digest, [])] }),
        }
      }),
    stop: none,
  }
}

function layoutOf(copy: string, out: string): string | undefined {
  if (existsSync(join(copy, 'index.json'))) return copy
  mkdirSync(out)
  spawnSync('tar', ['-xf', copy, '-C', out])
  return existsSync(join(out, 'index.json')) ? out : undefined
}

const REF = 'org.opencontainers.image.ref.name'

/** The first tag that the command line of umoci can name. */
function tagOf(layout: string): string | undefined {
  try {
    const index = refs.parse(JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')))
    const first = index.manifests.flatMap(({ annotations }) => annotations?.[REF] ?? []).at(0)
    return first?.includes(':') === true ? undefined : first
  } catch {
    return undefined
  }
}
