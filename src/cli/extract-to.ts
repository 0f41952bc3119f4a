import { directoryOutput } from '../bytes/output-directory.js'
import type { RunContext } from '../context.js'
import type { Layer } from '../model/image.js'
import type { FilesReport } from '../model/report-files.js'
import { extract, type ExtractOptions } from '../ops/extract.js'
import type { Unplanted } from '../tree/plant.js'
import { filesReport } from './write-files.js'

/** What to extract where. */
export interface ExtractRequest extends ExtractOptions {
  readonly path: string
  readonly isWritten: boolean
}

/** Writes files of an image into a directory that is new or empty: all or nothing. Errors: those of extract, ERR_OUTPUT. */
export async function extractTo(
  name: 'export' | 'extract',
  layers: readonly Layer[],
  { path, isWritten, ...options }: ExtractRequest,
  context: RunContext,
): Promise<FilesReport> {
  const extraction = await extract(layers, options, context)
  let unplanted: readonly Unplanted[] = []
  if (isWritten) {
    // Without a mark nothing is ever replaced: the hint is to name another directory, not to force.
    await using output = await directoryOutput(path, { force: true })
    unplanted = await extraction.into(output.path)
    context.signal?.throwIfAborted()
    await output.commit()
  }
  return filesReport(name, {
    archive: options.archive,
    output: { path, kind: 'directory', size: extraction.bytes, written: isWritten },
    entries: extraction.entries,
    unplanted,
    findings: extraction.findings,
  })
}
