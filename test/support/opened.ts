import { createReadStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DEFAULT_LIMITS, runContext, type Limits } from '../../src/context.js'
import { ArchiveError } from '../../src/errors.js'
import { severityOf, type Finding } from '../../src/findings.js'
import { openArchive } from '../../src/formats/index.js'
import type { Image } from '../../src/model/image.js'
import type { ImageReport } from '../../src/model/report.js'
import { describeImage } from '../../src/ops/describe.js'
import { verify } from '../../src/ops/verify.js'
import { chunksOf } from './chunks.js'

/** How an archive is given. */
export type Way = 'file' | 'pipe'

/** What came of opening and verifying an archive. */
export interface Opened {
  readonly format: string
  readonly images: readonly Image[]
  readonly reports: readonly ImageReport[]
  readonly findings: readonly Finding[]
  readonly error: ArchiveError | undefined
}

/** Opens and verifies a file or directory, as it lies there or through a pipe. */
export function openedBy(way: Way, file: string): Promise<Opened> {
  return way === 'file' ? opened(file) : opened('-', { stdin: createReadStream(file) })
}

/** Opens and verifies bytes: written to a file, or through a pipe in chunks cut at these places. */
export async function openedBytes(way: Way, bytes: Uint8Array, settings: Settings = {}): Promise<Opened> {
  if (way === 'pipe') return opened('-', { ...settings, stdin: chunksOf(bytes, settings.cuts) })
  const folder = await mkdtemp(join(tmpdir(), 'imgtar-test-'))
  try {
    const file = join(folder, 'archive.tar')
    await writeFile(file, bytes)
    return await opened(file, settings)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** What an opening may be given. */
export interface Settings {
  readonly limits?: Partial<Limits>
  readonly cuts?: readonly number[]
  readonly stdin?: AsyncIterable<Uint8Array>
}

/** Opens and verifies; an ArchiveError is an answer, anything else is thrown on. */
export async function opened(path: string, settings: Settings = {}): Promise<Opened> {
  try {
    return await verified(path, settings)
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error
    return { format: 'none', images: [], reports: [], findings: [], error }
  }
}

async function verified(path: string, { limits, stdin }: Settings): Promise<Opened> {
  const context = runContext({ limits: { ...DEFAULT_LIMITS, ...limits } })
  await using archive = await openArchive(path, context, { ...(stdin && { stdin }) })
  const { findings, measurements } = await verify(archive, context)
  const reports = archive.images.map((image) => describeImage(image, measurements))
  return { format: archive.format, images: archive.images, reports, findings, error: undefined }
}

/** The codes of errors and warnings, which keep the exit code from being 0. */
export function troubles({ findings }: Opened): readonly string[] {
  return findings.filter((finding) => severityOf(finding) !== 'note').map(({ code }) => code)
}

/** Every code that was told, errors of opening too. */
export function told({ findings, error }: Opened): readonly string[] {
  return [...(error === undefined ? [] : [error.code]), ...findings.map(({ code }) => code)]
}
