import { writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { runContext } from '../../../src/context.js'
import { ArchiveError } from '../../../src/errors.js'
import { severityOf, type Finding } from '../../../src/findings.js'
import { openArchive } from '../../../src/formats/index.js'
import { damagedLayers, pinpoint, type Evidence } from '../../../src/ops/pinpoint/index.js'
import { verify } from '../../../src/ops/verify.js'
import { scanSource } from '../../../src/tar/scan.js'
import { bytesSource } from '../../../src/bytes/source.js'
import { dockerSave, flipped, offsetOf, packed } from '../../support/archives.js'
import { testFolder } from '../../support/folder.js'
import { layerTar, file } from '../../support/layers.js'
import { apkLayer, dpkgLayer, noise, pythonLayer, RPM_DATABASE, rpmLayer } from '../../support/packages.js'
import { randomBelow } from '../../support/random.js'

const at = testFolder()

const LAYERS = [
  dpkgLayer(),
  apkLayer(),
  pythonLayer(),
  rpmLayer(),
  layerTar([file('srv/data', { content: noise('data', 6000) })]),
]
const ARCHIVE = packed(dockerSave({ names: ['app:1'], layers: LAYERS }))

// Nothing has a checksum of these.
const UNKNOWN = new Set<string | undefined>(['srv/data', 'etc/hello.conf', RPM_DATABASE])

/** What a byte of the archive belongs to. */
interface Place {
  readonly kind: 'outer' | 'header' | 'content' | 'padding'
  readonly entry?: string
}

async function places(): Promise<(at: number) => Place> {
  const spans: { from: number; to: number; place: Place }[] = []
  for (const bytes of LAYERS) {
    const base = offsetOf(ARCHIVE, bytes)
    spans.push({ from: base, to: base + bytes.length, place: { kind: 'padding' } })
    const onEntry = (entry: { path: string; header: Span; content: Span }) => {
      const { path } = entry
      spans.push({ ...within(base, entry.header), place: { kind: 'header', entry: path } })
      spans.push({ ...within(base, entry.content), place: { kind: 'content', entry: path } })
    }
    await scanSource(bytesSource(bytes, 'layer'), { onEntry }, runContext())
  }
  return (at) => spans.findLast(({ from, to }) => at >= from && at < to)?.place ?? { kind: 'outer' }
}

interface Span {
  readonly offset: number
  readonly length: number
}

function within(base: number, { offset, length }: Span): { from: number; to: number } {
  return { from: base + offset, to: base + offset + length }
}

const NOTHING: Evidence = { against: [], sidecars: [] }

/** Verifies bytes; what is found, or the code of the error. */
async function found(bytes: Uint8Array, evidence: Evidence = NOTHING): Promise<readonly Finding[] | string> {
  const path = at('archive.tar')
  await writeFile(path, bytes)
  const context = runContext()
  try {
    await using archive = await openArchive(path, context)
    const { findings, measurements } = await verify(archive, context)
    const located = await pinpoint(archive, damagedLayers(archive, measurements), evidence, context)
    return [...findings, ...located]
  } catch (error) {
    if (error instanceof ArchiveError) return error.code
    throw error
  }
}

const isFault = (finding: Finding): boolean => severityOf(finding) !== 'note'
const named = (findings: readonly Finding[]): readonly (string | undefined)[] =>
  findings.filter(({ code }) => code.startsWith('DAMAGED_')).map(({ where }) => where.entry)

test('an undamaged archive with packages is whole', async () => {
  expect(await found(ARCHIVE)).toEqual([])
})

test('a flipped byte anywhere fails, and names the file wherever packages know it', { timeout: 120_000 }, async () => {
  const placeOf = await places()
  const random = randomBelow(6)
  const counts = { flips: 0, inContents: 0, named: 0, inHeaders: 0, headersNamed: 0, elsewhere: 0 }
  const unnoticed: string[] = []
  const unnamed: string[] = []
  for (let turn = 0; turn < 200; turn++) {
    const at = random(ARCHIVE.length)
    const { kind, entry } = placeOf(at)
    const result = await found(flipped(ARCHIVE, at, 1 << random(8)))
    counts.flips += 1
    if (typeof result !== 'string' && !result.some(isFault)) unnoticed.push(`${kind} ${String(at)}`)
    const isNamed = typeof result !== 'string' && named(result).includes(entry)
    if (kind === 'content') {
      counts.inContents += 1
      if (isNamed) counts.named += 1
      else if (!UNKNOWN.has(entry)) unnamed.push(`${entry ?? ''} ${String(at)}`)
    } else if (kind === 'header') {
      counts.inHeaders += 1
      if (isNamed) counts.headersNamed += 1
    } else counts.elsewhere += 1
  }
  console.info('flipped bytes in an archive with packages:', counts)
  expect(unnoticed).toEqual([])
  expect(unnamed).toEqual([])
  expect(counts.named).toBeGreaterThan(100)
})
