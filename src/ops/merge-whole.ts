import type { RunContext } from '../context.js'
import { ArchiveError, HINTS, type ErrorCode } from '../errors.js'
import type { Finding, FindingCode } from '../findings.js'
import { findingLog } from '../model/finding-log.js'
import type { Layer } from '../model/image.js'
import { mergedTree } from '../tree/merged.js'
import type { Tree } from '../tree/tree.js'

/** A tree in which nothing is missing, and what was odd about the layers. */
export interface WholeTree {
  readonly tree: Tree
  readonly findings: readonly Finding[]
}

/** What leaves files out of a tree, and the error that it is to who needs all of them. */
const HOLES: ReadonlyMap<FindingCode, ErrorCode> = new Map<FindingCode, ErrorCode>([
  ['LAYER_MISSING', 'ERR_NOT_FOUND'],
  ['LAYER_TAR', 'ERR_TAR_HEADER'],
  ['LAYER_COMPRESSION', 'ERR_COMPRESSION'],
  ['LIMIT_REACHED', 'ERR_LIMIT'],
])

/**
 * The merged tree of layers that are all there and whole; `archive` names them in findings. Errors: ERR_NOT_FOUND,
 * ERR_TAR_HEADER, ERR_COMPRESSION and ERR_LIMIT for a layer that is not, and those of mergedTree.
 */
export async function wholeTree(layers: readonly Layer[], archive: string, context: RunContext): Promise<WholeTree> {
  const log = findingLog(archive)
  const tree = await mergedTree(layers, log, context)
  refuseHoles(log.findings, archive)
  return { tree, findings: log.findings }
}

/** Errors: ERR_NOT_FOUND, ERR_TAR_HEADER, ERR_COMPRESSION and ERR_LIMIT for findings that say that a layer is not whole. */
export function refuseHoles(findings: readonly Finding[], archive: string): void {
  for (const { code, message, where } of findings) {
    const error = HOLES.get(code)
    if (error === undefined) continue
    const layer = where.layer === undefined ? '' : `layer ${where.layer}: `
    const offset = where.offset ?? where.layerOffset
    throw new ArchiveError(error, `${layer}${message}`, {
      // The only layer of a root filesystem is the archive itself.
      location: where.path === undefined || where.path === '' ? archive : `${archive} › ${where.path}`,
      hint: code === 'LIMIT_REACHED' ? HINTS.limit : HINTS.damaged,
      ...(offset !== undefined && { offset }),
    })
  }
}
