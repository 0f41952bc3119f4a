import type { DiffID } from '../bytes/digest.js'
import type { HistoryEntry, ImageConfig } from './config.js'
import { imageConfig } from './config.js'
import { rootfsOf } from './derived-config.js'
import { goList, goObject, goString, rawMembers } from './go-json.js'
import { documentText, parseJson, type RawJson } from './json.js'
import type { Platform } from './platform.js'

/** What changes in a config when the layers of its image do; all else keeps its text. */
export interface Relayering {
  /** Base first. */
  readonly diffIDs: readonly DiffID[]
  /** Base first; a step that makes no layer says so. */
  readonly history: readonly HistoryEntry[]
  /** RFC 3339; the image keeps its own where there is none. */
  readonly created?: string
  /** Of the base that is new. */
  readonly platform?: Platform & { readonly osVersion?: string; readonly osFeatures?: readonly string[] }
}

/** A config with other layers, history and platform. Errors: ERR_JSON, ERR_DOCUMENT where what is left makes no config. */
export function relayered(
  config: RawJson<ImageConfig>,
  { diffIDs, history, created, platform }: Relayering,
): RawJson<ImageConfig> {
  const members = new Map(rawMembers(documentText(config)))
  replace(members, 'rootfs', rootfsOf(diffIDs))
  replace(members, 'history', `[${history.map(stepText).join(',')}]`)
  if (created !== undefined) replace(members, 'created', goString(created))
  if (platform !== undefined) {
    replace(members, 'architecture', goString(platform.architecture))
    replace(members, 'os', goString(platform.os))
    replace(members, 'variant', platform.variant === undefined ? undefined : goString(platform.variant))
    replace(members, 'os.version', platform.osVersion === undefined ? undefined : goString(platform.osVersion))
    replace(members, 'os.features', platform.osFeatures === undefined ? undefined : goList(platform.osFeatures))
  }
  return parseJson(new TextEncoder().encode(goObject(members)), imageConfig, config.location)
}

// Go reads a key whatever its case: another spelling of it must not outlive the change.
function replace(members: Map<string, string>, key: string, value: string | undefined): void {
  for (const own of [...members.keys()]) {
    if (own !== key && own.toLowerCase() === key) members.delete(own)
  }
  if (value === undefined) members.delete(key)
  else members.set(key, value)
}

function stepText({ created, author, created_by, comment, empty_layer }: HistoryEntry): string {
  const members: [string, string][] = []
  for (const [key, text] of Object.entries({ created, author, created_by, comment })) {
    if (text !== undefined && text !== '') members.push([key, goString(text)])
  }
  if (empty_layer === true) members.push(['empty_layer', 'true'])
  return goObject(members)
}
