import type { RunContext } from '../context.js'
import type { Finding } from '../findings.js'
import { configForCommit } from '../model/commit-config.js'
import type { ContainerParts } from '../model/data-root.js'
import { findingLog } from '../model/finding-log.js'
import { membersOf } from '../model/json.js'
import type { OutgoingImage, OutgoingLayer } from '../model/outgoing.js'
import { applyChanges, type ChangedConfig } from './dockerfile/changes.js'
import type { LayerTarget } from './kept-layers.js'
import { prepareImages } from './prepare.js'
import { newName } from './retag.js'
import { stageLayer } from './stage-layer.js'

/** What the new image is to be. */
export interface CommitOptions {
  readonly names: readonly string[]
  /** RFC 3339. */
  readonly created: string
  readonly author?: string
  readonly comment?: string
  /** Dockerfile instructions, as `docker commit -c` takes them. */
  readonly changes: readonly string[]
}

/** The new image, and what was odd about what the container wrote. */
export interface Committed {
  readonly image: OutgoingImage
  readonly findings: readonly Finding[]
}

// Two blocks of zeros: the tar of a container that wrote nothing, for which docker makes no layer (moby layer.DigestSHA256EmptyTar).
const EMPTY_TAR = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef'

/**
 * What a container wrote as one more layer on its image, as `docker commit` does it. Errors: ERR_DIGEST where a layer of
 * the image is damaged, ERR_REFERENCE, ERR_USAGE for an odd change, ERR_OUTPUT, those of reading what it wrote.
 */
export async function commit(
  { id, image, written, config }: ContainerParts,
  options: CommitOptions,
  target: LayerTarget,
  context: RunContext,
): Promise<Committed> {
  const names = [...new Set(options.names.map(newName))].sort()
  // Docker wrote it, and what is wrong in it is left out when it is encoded.
  const own: ChangedConfig = membersOf(config)
  const changed = applyChanges(own, options.changes)
  const [base] = await prepareImages([image], target, context)
  if (base === undefined) throw new Error('an image that was given is prepared')
  const { measurement, notices = [], content } = await stageLayer(written, target, context)
  const { diffID, digest, size, compression } = measurement
  const isEmpty = diffID === undefined || diffID === EMPTY_TAR
  if (isEmpty && content.kind === 'staged') await target.staging.discard(content.staged)
  const settings = {
    created: options.created,
    container: id,
    containerConfig: own,
    config: changed,
    command: Array.isArray(own.Cmd) ? own.Cmd : [],
    ...(options.author !== undefined && { author: options.author }),
    ...(options.comment !== undefined && { comment: options.comment }),
  }
  const added: readonly OutgoingLayer[] = isEmpty ? [] : [{ diffID, digest, size, compression, content }]
  const log = findingLog(written.path)
  for (const { code, message, entry } of notices) {
    log.add(code, message, { layer: written.index, ...(entry !== undefined && { entry }) })
  }
  return {
    image: {
      names,
      platform: base.platform,
      config: configForCommit(base.config, isEmpty ? undefined : diffID, settings),
      manifest: undefined,
      annotations: new Map(),
      layers: [...base.layers, ...added],
    },
    findings: log.findings,
  }
}
