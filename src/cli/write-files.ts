import type { Finding } from '../findings.js'
import type { FilesReport } from '../model/report-files.js'
import type { Unplanted } from '../tree/plant.js'
import { flag, value, wholeNumber } from './arguments.js'
import { envelope } from './envelope.js'
import type { RunContext } from '../context.js'
import type { Image } from '../model/image.js'

/** What was done, for the report. */
export interface FilesWritten {
  readonly archive: string
  readonly output: FilesReport['output']
  readonly entries: number
  readonly unplanted: readonly Unplanted[]
  readonly findings: readonly Finding[]
}

/** The report of a command that wrote the files of an image. */
export async function filesReport(name: 'export' | 'extract', written: FilesWritten): Promise<FilesReport> {
  const [{ describeFinding }, { treeRow }] = await Promise.all([
    import('../ops/describe.js'),
    import('../ops/list-rows.js'),
  ])
  const { archive, output, entries } = written
  const skipped = written.unplanted.map(({ located, what, detail }) => {
    return { path: treeRow(located, undefined).path, what, detail }
  })
  const findings = written.findings.map(describeFinding)
  return { ...envelope(name, true), archive, output, entries, skipped, findings }
}

/** The option of commands that write what `docker export` writes. Of older versions nobody looked at the headers. */
export const ENGINE_OPTION = value(
  'headers as docker 20 to 29 writes them: 20 to 22 name the owners, 20 to 23 put file types into modes; default: as 24',
  'N',
  wholeNumber(20, 29),
)

/** The option of commands that take files out of an image. */
export const VERIFY_OPTION = flag('prove the layers against their diffIDs before anything is written')

/** Proves the layers of an image where that is wanted. Errors: ERR_DIGEST, ERR_COMPRESSION. */
export async function verified(
  { layers }: Pick<Image, 'layers'>,
  isWanted: boolean,
  context: RunContext,
): Promise<void> {
  if (!isWanted) return
  const { proveLayers } = await import('../ops/prove-layers.js')
  await proveLayers(layers, context)
}

/** Whether files may be given to others: what decides `--same-owner` where nobody does. */
export function isRoot(): boolean {
  return process.getuid?.() === 0
}
