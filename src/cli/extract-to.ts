import { rm } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { refuseAborted } from '../errors.js'
import { cutName, LONGEST_NAME } from '../bytes/file-place.js'
import { checkDirectory, directoryOutput } from '../bytes/output-directory.js'
import type { RunContext } from '../context.js'
import type { ImageArchive, Layer } from '../model/image.js'
import type { FilesReport } from '../model/report-files.js'
import { extract, type ExtractOptions } from '../ops/extract.js'
import type { Unplanted } from '../tree/plant.js'
import { refuseInside } from './refuse-inputs.js'
import { filesReport, isRoot } from './write-files.js'
import { writeText } from './write-text.js'

/** What to extract where. */
export interface ExtractRequest extends Omit<ExtractOptions, 'archive'> {
  /** Where the layers come from: its oddities are told. */
  readonly archive: ImageArchive
  readonly path: string
  readonly isWritten: boolean
}

/**
 * Writes files of an image into a directory that is new or empty: all or nothing. What could not be put there is listed in
 * a file beside it, in the JSON of the report; one of an earlier run goes. Errors: those of extract, ERR_OUTPUT.
 */
export async function extractTo(
  name: 'export' | 'extract',
  layers: readonly Layer[],
  { archive: opened, path, isWritten, ...options }: ExtractRequest,
  context: RunContext,
): Promise<FilesReport> {
  const { location: archive, findings } = opened
  await refuseInside([opened], path)
  if (!isWritten) await checkDirectory(path, NEW)
  const extraction = await extract(layers, { archive, ...options }, context)
  const reportOf = (unplanted: readonly Unplanted[], list?: string): Promise<FilesReport> =>
    filesReport(name, {
      archive,
      output: { path, kind: 'directory', size: extraction.bytes, written: isWritten, ...(list && { list }) },
      entries: extraction.entries,
      unplanted,
      findings: [...findings, ...extraction.findings],
    })
  if (!isWritten) return reportOf([])
  await using output = await directoryOutput(path, NEW)
  const unplanted = await extraction.into(output.path, path)
  refuseAborted(context.signal)
  const list = listBeside(path)
  const report = await reportOf(unplanted, unplanted.length === 0 ? undefined : list)
  await replaceList(list, report)
  await output.commit().catch(async (error: unknown) => {
    await rm(list, { force: true })
    throw error
  })
  return report
}

/** Writes all files of an image into a directory, as `imgtar export` does; root keeps their owners. Errors: as extractTo. */
export function exportTo(
  layers: readonly Layer[],
  request: Pick<ExtractRequest, 'archive' | 'path' | 'isWritten'>,
  context: RunContext,
): Promise<FilesReport> {
  return extractTo('export', layers, { ...request, globs: [], sameOwner: isRoot() }, context)
}

const NEW = { force: false }

const LIST = '.imgtar-skipped.json'

function listBeside(directory: string): string {
  const bare = directory.replace(/\/+$/, '')
  const isNamed = !['', '.', '..'].includes(basename(bare))
  const whole = isNamed ? bare : resolve(directory)
  const name = basename(whole)
  return `${whole.slice(0, whole.length - name.length)}${cutName(name, LONGEST_NAME - LIST.length)}${LIST}`
}

async function replaceList(list: string, report: FilesReport): Promise<void> {
  if (report.skipped.length === 0) {
    await rm(list, { force: true })
    return
  }
  const { jsonText } = await import('../report/json.js')
  await writeText(list, [`${jsonText(report, 2)}\n`], { force: true })
}
