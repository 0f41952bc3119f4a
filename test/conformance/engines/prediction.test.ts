import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { runContext } from '../../../src/context.js'
import { openLoadView } from '../../../src/formats/load-view.js'
import type { EngineName } from '../../../src/model/engine-names.js'
import { ENGINES as RULES } from '../../../src/ops/engines/index.js'
import type { Prediction } from '../../../src/ops/engines/prediction.js'
import { predict } from '../../../src/ops/predict.js'
import { corpusArchives, type CorpusArchive } from '../corpus.js'
import { ENGINES, HAVE_TOOLS, tool, type Engine } from './support.js'

// These kill any dockerd; the engines here are shared.
const DEADLY = new Set(['hostile/v1-cycle.tar', 'hostile/v1-self-parent.tar'])
// These never answer, and leave a goroutine behind.
const ENDLESS = new Set(['hostile/h-layer-is-fifo.tar'])
// These take long, and others of their kind are asked.
const LONG = /x-layer-(?:many|bomb)|o-gzip-bomb|openjdk|nginx|3-level-jar|gemfile/

// Where docker finds no unpigz it uncompresses with Go's gzip, which stops at what follows the stream.
const NEEDS_PIGZ = new Set(['hostile/h-layer-gz-trailing.tar', 'hostile/h-outer-gz-trailing.tar.gz'])
const HAS_PIGZ = existsSync('/usr/bin/unpigz')

const RULES_OF: Readonly<Record<string, EngineName>> = {
  'docker 20.10': 'docker-20',
  'docker 26.1': 'docker-26',
  'docker 28.5': 'docker-28-debian',
  'docker 28.5 with the containerd store': 'containerd',
}

const archives = corpusArchives(['hostile/', 'images/', 'local/']).filter(({ name, isDirectory }) => {
  const isBare = name.startsWith('hostile/t-')
  return !isBare && !isDirectory && !DEADLY.has(name) && !ENDLESS.has(name) && !LONG.test(name)
})

async function foretold(archive: CorpusArchive, engine: EngineName): Promise<Prediction> {
  const context = runContext()
  await using view = await openLoadView(archive.file, context)
  const rules = RULES.filter(({ id }) => id === engine)
  const [prediction] = await predict(view, context, rules)
  if (prediction === undefined) throw new Error(`no rules of ${engine}`)
  return prediction
}

const agreement = new Map<string, { same: number; asked: number }>()
function count(peer: string, isSame: boolean): void {
  const { same, asked } = agreement.get(peer) ?? { same: 0, asked: 0 }
  agreement.set(peer, { same: same + (isSame ? 1 : 0), asked: asked + 1 })
}

afterAll(() => {
  for (const [peer, { same, asked }] of agreement) console.log(`${peer}: ${same} of ${asked} as foretold`)
})

/** What a load did: whether it ended well, and the images that are new, by ID. */
interface Loaded {
  readonly isTaken: boolean
  readonly output: string
  readonly images: readonly string[]
}

function dockerOn({ host }: Engine, ...args: string[]): { readonly status: number | null; readonly text: string } {
  const { status, stdout, stderr } = spawnSync('docker', ['-H', host, ...args], { encoding: 'utf8', timeout: 60_000 })
  return { status, text: `${stdout}${stderr}` }
}

/** Loads into an engine that others use as well: what it names is looked up, and taken away again. */
function loadInto(engine: Engine, file: string): Loaded {
  const { status, text } = dockerOn(engine, 'load', '-i', file)
  const named = [...text.matchAll(/^Loaded image(?: ID)?: (.*)$/gm)].map(([, name = '']) => name)
  const images = named.flatMap((name) => {
    const { status: found, text: id } = dockerOn(engine, 'image', 'inspect', '-f', '{{.Id}}', name)
    return found === 0 ? [id.trim()] : []
  })
  for (const name of named) dockerOn(engine, 'rmi', '-f', name)
  return { isTaken: status === 0, output: text, images: [...new Set(images)].sort() }
}

const isTaken = ({ verdict }: Prediction) => verdict === 'accepted' || verdict === 'unusable'

describe.each(ENGINES)('$name', (engine) => {
  test.skipIf(engine.host === '')(
    'takes and refuses what is foretold, and shows the image IDs',
    { timeout: 400_000 },
    async () => {
      const wrong: string[] = []
      for (const archive of archives) {
        const prediction = await foretold(archive, RULES_OF[engine.name] ?? 'docker-20')
        const loaded = loadInto(engine, archive.file)
        const ids = [...new Set(prediction.images.map(({ imageID }) => imageID ?? ''))].sort()
        if (!HAS_PIGZ && engine.name === 'docker 20.10' && NEEDS_PIGZ.has(archive.name)) continue
        // No program to uncompress it with on that machine: nothing is learnt.
        if (loaded.output.includes('executable file not found')) continue
        const isSameVerdict = loaded.isTaken === isTaken(prediction)
        count(engine.name, isSameVerdict)
        // A v1 archive is loaded in silence, so that nothing tells what to look for.
        const isSilent = loaded.images.length === 0 || !loaded.isTaken
        const isSameID = isSilent || loaded.images.join() === ids.join()
        if (!isSilent) count(`${engine.name}, image IDs`, isSameID)
        // The containerd store puts a compressed copy of a layer that it has into the manifest, which is the ID.
        const isSame = isSameVerdict && (isSameID || engine.store === 'containerd')
        if (!isSame)
          wrong.push(
            `${archive.name}: ${loaded.output.trim().slice(0, 200)} [${loaded.images.join()}]; foretold ${prediction.verdict} ${ids.join()}`,
          )
      }
      expect(wrong).toEqual([])
    },
  )
})

/** Whether a tool takes a file; its words otherwise. */
function takes(...args: string[]): string | undefined {
  try {
    tool(...args)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

// Each of these is a process in a chroot: some archives of each kind are enough.
const some = archives.filter((_, index) => index % 3 === 0)

describe.skipIf(!HAVE_TOOLS)('tools', () => {
  const folder = mkdtempSync('/tmp/imgtar-foretold-')
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  const ways = [
    [
      'skopeo-docker',
      (file: string, out: string) => takes('skopeo', 'copy', '-q', `docker-archive:${file}`, `dir:${out}`),
    ],
    ['skopeo-oci', (file: string, out: string) => takes('skopeo', 'copy', '-q', `oci-archive:${file}`, `dir:${out}`)],
    ['crane', (file: string) => takes('crane', 'validate', '--tarball', file)],
    [
      'podman',
      (file: string, out: string) =>
        takes(
          'podman',
          '--root',
          `${out}/root`,
          '--runroot',
          `${out}/run`,
          '--storage-driver',
          'overlay',
          'load',
          '-q',
          '-i',
          file,
        ),
    ],
  ] as const

  test.each(ways)('%s takes and refuses what is foretold', { timeout: 400_000 }, async (engine, way) => {
    const wrong: string[] = []
    for (const archive of some) {
      const prediction = await foretold(archive, engine)
      // Of several images skopeo wants one to be chosen.
      if (engine === 'skopeo-docker' && prediction.images.length > 1) continue
      const file = join(folder, basename(archive.name))
      const out = join(folder, 'out')
      cpSync(archive.file, file)
      const fault = way(file, out)
      rmSync(out, { recursive: true, force: true })
      rmSync(file)
      const isSame = (fault === undefined) === isTaken(prediction)
      count(engine, isSame)
      if (!isSame)
        wrong.push(
          `${archive.name}: ${fault?.slice(-300) ?? 'taken'}; foretold ${prediction.verdict} ${prediction.reason ?? ''}`,
        )
    }
    expect(wrong).toEqual([])
  })
})
