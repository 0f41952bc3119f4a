import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { runContext } from '../../../src/context.js'
import { openLoadView } from '../../../src/formats/load-view.js'
import { ENGINES as RULES } from '../../../src/ops/engines/index.js'
import type { Prediction } from '../../../src/ops/engines/prediction.js'
import { predict } from '../../../src/ops/predict.js'
import { corpusArchives } from '../corpus.js'
import {
  craneLive,
  dockerLive,
  lineOf,
  newestTools,
  podmanLive,
  removeWork,
  skopeoLive,
  systemTool,
  umociLive,
  type LiveEngine,
  type Said,
} from './live.js'
import { CAN_START } from './own-daemon.js'
import { ENGINES, HAVE_TOOLS } from './support.js'

// Where an engine is not what its rules say, with the reason; the key is the archive and the engine.
// prettier-ignore
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'hostile/o-digest-traversal.tar skopeo 1.9 oci-archive': 'CVE-2024-3727: it reads the file of the host that the digest leads to',
  'hostile/v1-bad-json.tar docker 26.1': 'a v1 image of `null`: since 23 a step without a time has none in the new config',
  'hostile/v1-bad-json.tar docker 28.5': 'a v1 image of `null`: since 23 a step without a time has none in the new config',
}

// Where docker finds no unpigz it uncompresses with Go's gzip, which stops at what follows the stream.
const WITHOUT_UNPIGZ: ReadonlySet<string> = new Set([
  'cases/compress-outer-gzip-trailing-garbage.tar docker 20.10',
  'cases/compress-outer-gzip-trailing-garbage.tar docker 20.10, vfs',
  'hostile/h-layer-gz-trailing.tar docker 20.10',
  'hostile/h-layer-gz-trailing.tar docker 20.10, vfs',
  'hostile/h-layer-gz-trailing.tar docker 28.5 with the containerd store',
  'hostile/h-outer-gz-trailing.tar.gz docker 20.10',
  'hostile/h-outer-gz-trailing.tar.gz docker 20.10, vfs',
])

const RULES_OF = {
  'docker 20.10': 'docker-20',
  'docker 26.1': 'docker-26',
  'docker 28.5': 'docker-28-debian',
  'docker 28.5 with the containerd store': 'containerd',
} as const

const isRulesOf = (name: string): name is keyof typeof RULES_OF => name in RULES_OF

function liveEngines(): readonly LiveEngine[] {
  const here = CAN_START ? ENGINES.filter(({ host }) => host !== '') : []
  const daemons = here.flatMap((engine) =>
    isRulesOf(engine.name) ? [dockerLive(engine.name, RULES_OF[engine.name], engine)] : [],
  )
  const oldest = here.find(({ name }) => name === 'docker 20.10')
  if (oldest !== undefined) daemons.push(dockerLive('docker 20.10, vfs', 'docker-20-vfs', oldest, ['-svfs']))
  return [...daemons, ...tools()]
}

function tools(): readonly LiveEngine[] {
  if (!HAVE_TOOLS) return []
  const newest = newestTools()
  const oldSkopeo = systemTool('skopeo', '1.9.3')
  const oldPodman = systemTool('podman', '4.3.1')
  return [
    skopeoLive('skopeo 1.22 docker-archive', 'skopeo-docker', newest, 'docker-archive'),
    skopeoLive('skopeo 1.22 oci-archive', 'skopeo-oci', newest, 'oci-archive'),
    podmanLive('podman 5.8, overlay', 'podman', newest, 'overlay'),
    podmanLive('podman 5.8, vfs', 'podman-vfs', newest, 'vfs'),
    craneLive('crane 0.20', 'crane', newest),
    umociLive('umoci 0.6', 'umoci', newest),
    ...(oldSkopeo === undefined
      ? []
      : [
          skopeoLive('skopeo 1.9 docker-archive', 'skopeo-1.9-docker', oldSkopeo, 'docker-archive'),
          skopeoLive('skopeo 1.9 oci-archive', 'skopeo-1.9-oci', oldSkopeo, 'oci-archive'),
        ]),
    ...(oldPodman === undefined ? [] : [podmanLive('podman 4.3', 'podman-4', oldPodman, 'vfs')]),
  ]
}

const engines = liveEngines()
if (engines.length === 0) console.log('predictions: skipped, they need root, dockerd and the engines')

interface Tally {
  same: number
  asked: number
}

const agreement = new Map<string, { readonly verdicts: Tally; readonly images: Tally }>()

function count(name: string, what: 'verdicts' | 'images', isSame: boolean): void {
  const tallies = agreement.get(name) ?? { verdicts: { same: 0, asked: 0 }, images: { same: 0, asked: 0 } }
  agreement.set(name, tallies)
  tallies[what].asked++
  if (isSame) tallies[what].same++
}

afterAll(async () => {
  for (const engine of engines) await engine.stop()
  removeWork()
  if (folder !== '') rmSync(folder, { recursive: true })
  for (const [name, { verdicts, images }] of agreement) {
    const shown = images.asked === 0 ? '' : `, images as foretold ${images.same} of ${images.asked}`
    console.log(`${name}: verdicts as foretold ${verdicts.same} of ${verdicts.asked}${shown}`)
  }
}, 120_000)

async function predictions(file: string): Promise<ReadonlyMap<string, Prediction>> {
  const context = runContext()
  await using view = await openLoadView(file, context)
  const asked = new Set(engines.map(({ rules }) => rules))
  const rules = RULES.filter(({ id }) => asked.has(id))
  return new Map((await predict(view, context, rules)).map((one) => [one.engine, one]))
}

const VERDICTS = {
  accepted: 'taken',
  unusable: 'taken',
  refused: 'refused',
  hangs: 'hangs',
  crashes: 'crashes',
} as const

/** The images of a prediction as the engine would show them. */
function shownBy({ rules }: LiveEngine, { images }: Prediction): readonly string[] {
  const lines = images.flatMap(({ imageID, names }) => {
    if (imageID === undefined) return []
    if (/^(?:skopeo|umoci)/.test(rules)) return [lineOf(imageID, [])]
    if (!rules.startsWith('podman')) return [lineOf(imageID, [...names].sort())]
    return (names.length === 0 ? ['<none>:<none>'] : names).map((name) => lineOf(imageID, [name]))
  })
  return lines.sort()
}

function unusableBy({ images }: Prediction): readonly string[] {
  const ids = images.flatMap(({ imageID, fault }) => (imageID === undefined || fault === undefined ? [] : [imageID]))
  return [...new Set(ids)].sort()
}

/** What an engine did otherwise than foretold; nothing where it did the same. */
function difference(engine: LiveEngine, said: Said, prediction: Prediction): readonly string[] {
  const foretold = VERDICTS[prediction.verdict]
  const isSame = said.verdict === foretold
  count(engine.name, 'verdicts', isSame)
  if (!isSame)
    return [
      `${engine.name}: ${said.verdict} ${said.words.slice(-300)}; foretold ${foretold} ${prediction.reason ?? ''}`,
    ]
  if (said.images === undefined) return []
  const shown = shownBy(engine, prediction)
  const unusable = said.unusable === undefined ? [] : unusableBy(prediction)
  const isShown = said.images.join('\n') === shown.join('\n') && (said.unusable ?? []).join() === unusable.join()
  count(engine.name, 'images', isShown)
  if (isShown) return []
  return [
    `${engine.name}: ${said.images.join('; ')} unusable ${(said.unusable ?? []).join()}; foretold ${shown.join('; ')} unusable ${unusable.join()}`,
  ]
}

async function wrongs(name: string, file: string): Promise<readonly string[]> {
  const foretold = await predictions(file)
  const each = await Promise.all(
    engines.map(async (engine) => {
      const prediction = foretold.get(engine.rules)
      if (prediction === undefined) throw new Error(`no rules of ${engine.rules}`)
      const said = await engine.ask(file, prediction)
      const key = `${name} ${engine.name}`
      if (said === undefined || (WITHOUT_UNPIGZ.has(key) && (await engine.lacksUnpigz?.()) === true)) return []
      const lines = difference(engine, said, prediction)
      if (!(key in EXCEPTIONS)) return lines
      return lines.length > 0 ? [] : [`${engine.name}: as foretold, though there is an exception`]
    }),
  )
  return each.flat()
}

const SAMPLES = resolve(import.meta.dirname, '../../../../shared/formats-samples/cases.tar.gz')
const folder = engines.length > 0 && existsSync(SAMPLES) ? mkdtempSync('/tmp/imgtar-cases-') : ''

// All take ten minutes: IMGTAR_ENGINES=all tries every archive, 1 all the hostile ones and a sixth of the others.
const isWholeRun = process.env.IMGTAR_ENGINES === 'all'
const isTried = ([name]: readonly [string, string], index: number) =>
  isWholeRun || name.startsWith('hostile/') || index % 6 === 0

/** Archives of the corpus, and those that were crafted case by case. */
function archives(): readonly (readonly [string, string])[] {
  const corpus = corpusArchives(['hostile/', 'images/', 'local/', 'pairs/'])
  if (folder !== '') execFileSync('tar', ['-xzf', SAMPLES, '-C', folder])
  const cases = folder === '' ? [] : readdirSync(folder).filter((name) => name.endsWith('.tar'))
  return [
    ...corpus.filter(({ isDirectory }) => !isDirectory).map(({ name, file }) => [name, file] as const),
    ...cases.sort().map((name) => [`cases/${name}`, join(folder, name)] as const),
  ].filter(isTried)
}

describe.skipIf(engines.length === 0)('the engines', () => {
  test.each(engines.length === 0 ? [] : archives())(
    'make of %s what is foretold',
    { timeout: 400_000 },
    async (name, file) => {
      expect(await wrongs(name, file)).toEqual([])
    },
  )
})
