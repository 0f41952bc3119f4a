import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { runContext } from '../../src/context.js'
import { openLoadView } from '../../src/formats/load-view.js'
import type { EngineName } from '../../src/model/engine-names.js'
import type { Prediction } from '../../src/ops/engines/prediction.js'
import { predict } from '../../src/ops/predict.js'
import { corpusArchives, CORPUS, hasCorpus, type CorpusArchive } from './corpus.js'

// The columns of ACCEPTS.tsv, and who foretells them; `create` is whether a container can be made of what was loaded.
const PEERS: Readonly<Record<string, { readonly engine: EngineName; readonly create?: true }>> = {
  'docker 20.10.24': { engine: 'docker-20' },
  'docker 26.1.5': { engine: 'docker-26' },
  'docker 28.5.2': { engine: 'docker-28-debian' },
  'docker 28.5.2+containerd-store': { engine: 'containerd' },
  'docker 28.5.2+containerd-store create': { engine: 'containerd', create: true },
  'skopeo 1.9.3 docker-archive': { engine: 'skopeo-1.9-docker' },
  'skopeo 1.22.0 docker-archive': { engine: 'skopeo-docker' },
  'skopeo 1.9.3 oci-archive': { engine: 'skopeo-1.9-oci' },
  'skopeo 1.22.0 oci-archive': { engine: 'skopeo-oci' },
  'skopeo 1.9.3 oci': { engine: 'skopeo-1.9-oci' },
  'skopeo 1.22.0 oci': { engine: 'skopeo-oci' },
  'podman 4.3.1 load': { engine: 'podman-4' },
  'podman 5.8.6 load': { engine: 'podman-vfs' },
  'crane 0.20.7 validate --tarball': { engine: 'crane' },
  umoci: { engine: 'umoci' },
}

// Where an engine was not what its rules say, with the reason; the key is the archive and the peer.
// prettier-ignore
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'hostile/h-layer-flipped.tar podman 4.3.1 load': 'its store held the layer before; an empty one refuses: Digest did not match',
  'hostile/h-layer-flipped.tar podman 5.8.6 load': 'its store held the layer before; an empty one refuses: Digest did not match',
  'hostile/o-artifact.tar umoci': 'the facts are of 0.4.7; 0.6.0 takes the config that the descriptor itself holds, whatever its media type',
  'hostile/o-digest-traversal.tar skopeo 1.9.3 oci-archive': 'CVE-2024-3727: it read the file of the host that the digest led to',
  'hostile/o-manifest-missing.tar umoci': 'the facts asked for its list only, which reads no manifest',
  'layouts/regclient__external umoci': 'the facts are of 0.4.7, which reads no config of another media type',
  'hostile/o-nested-index.tar umoci': 'the facts asked for a tag that the index does not have',
}

// The same for the images that docker listed afterwards.
// prettier-ignore
const IMAGE_EXCEPTIONS: Readonly<Record<string, string>> = {
  'hostile/v1-bad-json.tar docker 26.1.5': 'a v1 image of `null`: since 23 a step without a time has none in the new config',
  'hostile/v1-bad-json.tar docker 28.5.2': 'a v1 image of `null`: since 23 a step without a time has none in the new config',
  'pairs/pair-pkg.tar.gz docker 20.10.24': 'the facts list an image of another archive as well',
  'pairs/pair-pkg.tar.gz docker 26.1.5': 'the facts list an image of another archive as well',
  'pairs/pair-pkg.tar.gz docker 28.5.2': 'the facts list an image of another archive as well',
}

async function predictionsOf(file: string): Promise<ReadonlyMap<string, Prediction>> {
  const context = runContext()
  await using view = await openLoadView(file, context)
  return new Map((await predict(view, context)).map((one) => [one.engine, one]))
}

/** A verdict as ACCEPTS.tsv writes it: for several images a letter each. */
function letters({ verdict, images }: Prediction, letterCount: number, create: boolean): string {
  if (verdict === 'crashes') return 'CRASH'
  const each = images.map(({ fault }) => (fault === undefined ? 'y' : 'N'))
  if (letterCount > 1) return each.length === 0 ? 'N'.repeat(letterCount) : each.join('')
  if (create) return each.includes('N') || each.length === 0 ? 'N' : 'y'
  return verdict === 'accepted' || verdict === 'unusable' ? 'y' : 'N'
}

const sorted = (text: string) => text.split('').sort().join('')

/** Peers in the order of the table, and what each said of each archive. */
function accepts(): { readonly peers: readonly string[]; readonly rows: ReadonlyMap<string, readonly string[]> } {
  const [head = '', ...lines] = readFileSync(resolve(CORPUS, 'ACCEPTS.tsv'), 'utf8').trimEnd().split('\n')
  const rows = new Map(lines.map((line) => [line.split('\t')[0] ?? '', line.split('\t').slice(1)]))
  return { peers: head.split('\t').slice(1), rows }
}

const agreement = new Map<string, { same: number; asked: number }>()
function count(peer: string, isSame: boolean): void {
  const { same, asked } = agreement.get(peer) ?? { same: 0, asked: 0 }
  agreement.set(peer, { same: same + (isSame ? 1 : 0), asked: asked + 1 })
}

afterAll(() => {
  for (const [peer, { same, asked }] of agreement) console.log(`${peer}: ${same} of ${asked} as foretold`)
})

const archives = corpusArchives(['hostile/', 'images/', 'local/', 'pairs/', 'layouts/'])
const table = hasCorpus ? accepts() : { peers: [], rows: new Map<string, readonly string[]>() }

describe.skipIf(!hasCorpus)('predictions', () => {
  test.each(archives.filter(({ name }) => table.rows.has(name)))(
    '$name is what the engines made of it',
    async (archive) => {
      const predictions = await predictionsOf(archive.file)
      const wrong: string[] = []
      for (const [index, peer] of table.peers.entries()) {
        const said = table.rows.get(archive.name)?.[index] ?? '-'
        const { engine, create = false } = PEERS[peer] ?? { engine: 'docker-20' }
        const prediction = predictions.get(engine)
        if (said === '-' || prediction === undefined) continue
        const isList = said !== 'CRASH'
        const foretold = letters(prediction, isList ? said.length : 1, create)
        const isSame = create ? sorted(foretold) === sorted(said) : foretold === said
        count(peer, isSame)
        if (isSame === `${archive.name} ${peer}` in EXCEPTIONS) {
          wrong.push(`${peer}: ${said}, foretold ${foretold} ${prediction.reason ?? ''}`)
        }
      }
      wrong.push(...wrongImages(archive, predictions), ...wrongPodman(archive, predictions))
      expect(wrong).toEqual([])
    },
  )
})

const DOCKERS = {
  '20.10.24': 'docker-20',
  '26.1.5': 'docker-26',
  '28.5.2': 'docker-28-debian',
  '28.5.2+containerd-store': 'containerd',
} as const

/** Where docker listed other images than were foretold: IDs and names. */
function wrongImages({ name, facts }: CorpusArchive, predictions: ReadonlyMap<string, Prediction>): readonly string[] {
  return Object.entries(DOCKERS).flatMap(([version, engine]) => {
    const listed = facts.peers?.['docker load']?.[version]?.images ?? []
    const prediction = predictions.get(engine)
    if (listed.length === 0 || prediction === undefined) return []
    const said = listed.map(({ Id, RepoTags }) => `${Id} ${[...(RepoTags ?? [])].sort().join()}`).sort()
    const foretold = prediction.images
      .map(({ imageID, names }) => `${imageID ?? ''} ${[...names].sort().join()}`)
      .sort()
    const isSame = said.join('\n') === foretold.join('\n')
    count(`docker ${version}, images`, isSame)
    return isSame === `${name} docker ${version}` in IMAGE_EXCEPTIONS
      ? [`docker ${version} lists ${said.join()}, foretold ${foretold.join()}`]
      : []
  })
}

const PODMANS = { 'podman 4.3.1 load': 'podman-4', 'podman 5.8.6 load': 'podman-vfs' } as const

/** The same for podman, which lists an image once for each of its names. */
function wrongPodman({ name, facts }: CorpusArchive, predictions: ReadonlyMap<string, Prediction>): readonly string[] {
  return (['podman 4.3.1 load', 'podman 5.8.6 load'] as const).flatMap((peer) => {
    const listed = [...(facts.peers?.[peer]?.images ?? [])].sort()
    const prediction = predictions.get(PODMANS[peer])
    if (listed.length === 0 || prediction === undefined || `${name} ${peer}` in EXCEPTIONS) return []
    const foretold = prediction.images
      .flatMap(({ imageID, names }) =>
        (names.length === 0 ? ['<none>:<none>'] : names).map((one) => `${imageID ?? ''} ${one}`),
      )
      .sort()
    const isSame = listed.join('\n') === foretold.join('\n')
    count(`${peer}, images`, isSame)
    return isSame ? [] : [`${peer} lists ${listed.join()}, foretold ${foretold.join()}`]
  })
}

const SAMPLES = resolve(import.meta.dirname, '../../../shared/formats-samples/cases.tar.gz')

const answer = z.object({ rc: z.number(), out: z.string().default(''), err: z.string().default('') })
const caseSchema = z.object({
  id: z.string(),
  file: z.string(),
  results: z.record(z.string(), z.object({ load: answer, create: answer.partial().optional() })),
})

const BACKENDS = {
  '20.10.24-overlay2': 'docker-20',
  '20.10.24-vfs': 'docker-20-vfs',
  '28.5.2-overlay2': 'docker-28',
  '28.5.2-containerd': 'containerd',
} as const

describe.skipIf(!existsSync(SAMPLES))('142 crafted archives', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'imgtar-cases-'))
    execFileSync('tar', ['-xzf', SAMPLES, '-C', folder])
  })
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  test('are taken and refused by four daemons as foretold, in their words', async () => {
    const cases = z.array(caseSchema).parse(JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')))
    expect(cases).toHaveLength(142)
    const wrong: string[] = []
    for (const { id, file, results } of cases) {
      const predictions = await predictionsOf(join(folder, file))
      for (const [backend, engine] of Object.entries(BACKENDS)) {
        const said = results[backend]
        const prediction = predictions.get(engine)
        if (said === undefined || prediction === undefined) continue
        const isSame = verdictOf(said) === comparable(prediction, said)
        count(`docker ${backend}`, isSame)
        if (!isSame) wrong.push(`${id} ${backend}: ${verdictOf(said)}, foretold ${prediction.verdict}`)
        if (said.load.rc !== 0 && said.load.rc !== -1)
          count(`docker ${backend}, reasons`, sameWords(said.load.err, prediction))
        wrong.push(...wrongOutput(id, backend, said.load, prediction))
      }
    }
    expect(wrong).toEqual([])
    const reasons = [...agreement].filter(([peer]) => peer.endsWith('reasons'))
    for (const [, { same, asked }] of reasons) expect(same / asked).toBeGreaterThan(0.88)
  })
})

type Said = z.output<typeof caseSchema>['results'][string]

function verdictOf({ load, create }: Said): string {
  if (load.rc === -1) return 'hangs'
  if (load.rc !== 0) return 'refused'
  return load.out.includes('Error unpacking') || (create?.rc ?? 0) !== 0 ? 'unusable' : 'accepted'
}

// Where nobody tried to make a container, nobody knows that none can be made.
function comparable({ verdict }: Prediction, said: Said): string {
  const isTried = said.create !== undefined || said.load.out.includes('Error unpacking')
  return verdict === 'unusable' && !isTried ? 'accepted' : verdict
}

function sameWords(error: string, { reason = '' }: Prediction): boolean {
  const plain = (text: string) =>
    text
      .replaceAll('$ROOT/tmp/docker-import-N', 'TMP')
      .replaceAll('/var/lib/docker/tmp/docker-import', 'TMP')
      .replaceAll('$ROOT', '/var/lib/docker')
      .replaceAll(/\{"layerSize":\d+\}\n/g, '')
      .trim()
  return plain(error) === plain(reason)
}

function wrongOutput(
  id: string,
  backend: string,
  { rc, out }: Said['load'],
  { images }: Prediction,
): readonly string[] {
  const after = (label: string) =>
    [...out.matchAll(new RegExp(`^${label}: (.*)$`, 'gm'))].map(([, text = '']) => text).sort()
  const [names, ids] = [after('Loaded image'), after('Loaded image ID')]
  const wrong: string[] = []
  const foretold = images.flatMap((image) => image.names).sort()
  if (rc === 0 && names.join() !== foretold.join())
    wrong.push(`${id} ${backend}: ${names.join()}, foretold ${foretold.join()}`)
  const imageIDs = images.map(({ imageID }) => imageID ?? '').sort()
  if (ids.length > 0 && ids.join() !== imageIDs.join())
    wrong.push(`${id} ${backend}: ${ids.join()}, foretold ${imageIDs.join()}`)
  return wrong
}
