import type { RunContext } from '../context.js'
import type { Finding } from '../findings.js'
import { findingLog } from '../model/finding-log.js'
import type { Image } from '../model/image.js'
import type { BuriedReport } from '../model/report-waste.js'
import { historyOfLayers } from './history-steps.js'
import { nameOf } from './list-rows.js'
import { storedFiles, type StoredFile } from './stored-files.js'

/** What to look for. */
export interface BuriedOptions {
  /** As the user named it, for findings. */
  readonly archive: string
  /** Older versions of files that are still there, as well as files that were deleted. */
  readonly replaced?: boolean
}

/** What the report carries beside its envelope and the archive. */
export interface Buried {
  readonly files: BuriedReport['files']
  readonly bytes: number
  readonly found: readonly Finding[]
}

/**
 * The contents that an image holds and no container shows: files that an upper layer deleted, and on request what was
 * replaced. Whoever has the archive can read them. By path, then layer. Errors: those of storedFiles.
 */
export async function buried(image: Image, { archive, replaced }: BuriedOptions, context: RunContext): Promise<Buried> {
  const log = findingLog(archive)
  const steps = historyOfLayers(image)
  // Only what is asked for needs its bytes compared: a file that is still there with the same content is not hidden.
  const all = await storedFiles(image, log, context, { hashed: replaced === true })
  const isAsked = ({ fate }: StoredFile) =>
    fate === 'deleted' || fate === 'ignored' || (replaced === true && fate === 'replaced')
  const asked: StoredFile[] = []
  for (const file of all) if (isAsked(file)) asked.push(file)
  const files = asked
    .sort((a, b) => (a.path === b.path ? a.layer - b.layer : a.path < b.path ? -1 : 1))
    .map(({ path, layer, size, fate, hiddenBy }) => ({
      ...nameOf(path),
      size,
      fate,
      layer,
      createdBy: steps[layer]?.created_by ?? null,
      hiddenBy: hiddenBy ?? null,
      hiddenByStep: hiddenBy === undefined ? null : (steps[hiddenBy]?.created_by ?? null),
    }))
  return { files, bytes: files.reduce((total, { size }) => total + size, 0), found: log.findings }
}
