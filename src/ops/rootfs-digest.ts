import type { RunContext } from '../context.js'
import { layersAsOf } from '../model/as-of.js'
import { findingLog } from '../model/finding-log.js'
import type { Image } from '../model/image.js'
import type { RootfsDigestReport } from '../model/report.js'
import { hashedTree } from '../tree/hashed.js'
import { describeFinding } from './describe.js'
import { surveyOf } from './facts.js'
import { identify } from './identity.js'
import { rootfsDigest, rootfsLines, rootfsProfile } from './rootfs-lines.js'
import type { Tolerances } from './tolerances.js'

/** What to leave out of a root filesystem, whether the list is wanted beside its digest, and up to which layer, base = 0. */
export interface DigestOptions {
  readonly archive: string
  readonly tolerances?: Tolerances
  readonly list?: boolean
  readonly asOf?: number | undefined
}

/** What the report carries beside its envelope. */
export type Digested = Omit<RootfsDigestReport, 'schema' | 'tool' | 'ok'>

/**
 * The canonical digest of the merged root filesystem of an image (docs/rootfs-digest.md): equal for equal filesystems,
 * whatever the layers, the format and the compression. Errors: ERR_LIMIT, ERR_ABORTED, ERR_IO, ERR_NOT_FOUND for a layer
 * that it does not have.
 */
export async function digestRootfs(image: Image, options: DigestOptions, context: RunContext): Promise<Digested> {
  const { tolerances = {}, archive } = options
  const layers = layersAsOf(image, options.asOf, archive)
  const log = findingLog(archive)
  const tree = await hashedTree({ layers, log }, context)
  const { links, entries } = surveyOf(tree.tree)
  const side = { ...tree, links }
  const { imageID } = identify(image, { of: ({ index }) => tree.layers[index] })
  return {
    archive,
    imageID: imageID ?? null,
    digest: rootfsDigest(side, tolerances) ?? null,
    profile: rootfsProfile(tolerances),
    entries,
    ...(options.list === true && { list: [...rootfsLines(side, tolerances)] }),
    findings: log.findings.map(describeFinding),
  }
}
