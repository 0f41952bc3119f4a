import { asDiffID, type DiffID } from '../bytes/digest.js'
import { imageConfig, type HistoryEntry, type ImageConfig } from './config.js'
import { historyEntry, rootfsOf } from './derived-config.js'
import { byBytes, goObject, goString, goTime, rawMembers } from './go-json.js'
import { encodeContainerConfig } from './go-struct.js'
import { documentText, parseJson, type RawJson } from './json.js'

/** What a commit adds to the config of an image. */
export interface CommitSettings {
  /** RFC 3339. */
  readonly created: string
  readonly author?: string
  readonly comment?: string
  /** ID of the container. */
  readonly container: string
  /** The container's config, as docker's JSON has it. */
  readonly containerConfig: unknown
  /** The same with the changes that were asked for. */
  readonly config: unknown
  /** What the history says the container did. */
  readonly command: readonly string[]
}

// moby image.NewChildImage: what a child takes over from its parent; the rest of the parent's config is left behind.
const KEPT = ['architecture', 'os', 'os.features', 'os.version', 'variant'] as const

/**
 * The config that `docker commit` gives an image (FORMATS: commit), without the version of a daemon. `diffID` is undefined
 * where the container wrote nothing: then the step makes no layer.
 */
export function configForCommit(
  parent: RawJson<ImageConfig>,
  diffID: DiffID | undefined,
  { created, author, comment, container, containerConfig, config, command }: CommitSettings,
): RawJson<ImageConfig> {
  const old = new Map(rawMembers(documentText(parent)))
  const members = new Map<string, string>()
  for (const key of KEPT) {
    const text = old.get(key)
    if (text !== undefined) members.set(key, text)
  }
  if (author !== undefined && author !== '') members.set('author', goString(author))
  members.set('config', encodeContainerConfig(config))
  members.set('container', goString(container))
  members.set('container_config', encodeContainerConfig(containerConfig))
  members.set('created', goString(goTime(created)))
  const step = { created, author, createdBy: command.join(' '), comment, emptyLayer: diffID === undefined }
  const history = [...(parent.value.history ?? []).map(oldStep), historyEntry(step)]
  members.set('history', `[${history.join(',')}]`)
  const below = (parent.value.rootfs?.diff_ids ?? []).flatMap((text) => asDiffID(text) ?? [])
  members.set('rootfs', rootfsOf(diffID === undefined ? below : [...below, diffID]))
  const sorted = [...members].sort(([a], [b]) => byBytes(a, b))
  return parseJson(new TextEncoder().encode(goObject(sorted)), imageConfig, parent.location)
}

function oldStep({ created, author, created_by, comment, empty_layer }: HistoryEntry): string {
  return historyEntry({ created, author, createdBy: created_by, comment, emptyLayer: empty_layer === true })
}
