import { createReadStream } from 'node:fs'
import { runContext } from '../../src/context.js'
import { ArchiveError } from '../../src/errors.js'
import { severityOf, type Finding } from '../../src/findings.js'
import { openArchive } from '../../src/formats/index.js'
import type { Image } from '../../src/model/image.js'
import type { ImageReport } from '../../src/model/report.js'
import { describeImage } from '../../src/ops/describe.js'
import { verify } from '../../src/ops/verify.js'

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

/** Opens and verifies; an ArchiveError is an answer, anything else is thrown on. */
export async function openedBy(way: Way, file: string): Promise<Opened> {
  try {
    return await verified(way, file)
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error
    return { format: 'none', images: [], reports: [], findings: [], error }
  }
}

async function verified(way: Way, file: string): Promise<Opened> {
  const context = runContext()
  await using archive =
    way === 'file'
      ? await openArchive(file, context)
      : await openArchive('-', context, { stdin: createReadStream(file) })
  const { findings, measurements } = await verify(archive, context)
  const reports = archive.images.map((image) => describeImage(image, measurements))
  return { format: archive.format, images: archive.images, reports, findings, error: undefined }
}

/** The codes of errors and warnings, which keep the exit code from being 0. */
export function troubles({ findings }: Opened): readonly string[] {
  return findings.filter((finding) => severityOf(finding) !== 'note').map(({ code }) => code)
}
