import { runContext, type RunContext } from '../context.js'
import type { Finding } from '../findings.js'
import { findingLog } from '../model/finding-log.js'
import type { ImageArchive } from '../model/image.js'
import { measure, type Measurements } from './measure.js'
import { verifyImage } from './verify-image.js'
import { verifyLoose, verifyLayers } from './verify-layers.js'

/** What came of a verification: all faults of one archive. */
export interface Verified {
  readonly archive: ImageArchive
  readonly measurements: Measurements
  /** Oddities met while reading, then those of each image from its config to its top layer, then of loose blobs. */
  readonly findings: readonly Finding[]
}

/**
 * Measures an archive and holds every claim in it against what was measured. Every fault is a finding, and all are found
 * in one run. Errors: those of `measure`.
 */
export async function verify(archive: ImageArchive, context: RunContext = runContext()): Promise<Verified> {
  return compare(archive, await measure(archive, context))
}

/** Holds the claims of an archive against measurements: a pure comparison. */
export function compare(archive: ImageArchive, measurements: Measurements): Verified {
  const log = findingLog(archive.location)
  const told = new Set<string>()
  for (const image of archive.images) {
    verifyImage(image, log)
    verifyLayers(image, measurements, log, told)
  }
  verifyLoose(archive.loose, measurements, log)
  return { archive, measurements, findings: [...archive.findings, ...log.findings] }
}
