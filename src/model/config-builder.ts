import { imageConfig, type ImageConfig } from './config.js'
import { goObject, rawMembers } from './go-json.js'
import { documentText, parseJson, type RawJson } from './json.js'

// Of the last container of a build, of the engine, of the host, and of the step before: all in docker's configs alone.
const OF_IMAGE: ReadonlySet<string> = new Set(['container', 'container_config', 'docker_version'])
const OF_CONTAINERS: ReadonlySet<string> = new Set(['hostname', 'image'])

/**
 * The config without what docker's builder leaves in it of itself and nothing that runs the image reads: `container`,
 * `container_config` and `docker_version`, and the `Hostname` and `Image` of its `config`. All else keeps its text; where
 * there is nothing of that, the result is `config`. Errors: ERR_JSON, ERR_DOCUMENT where what is left makes no config.
 */
export function withoutBuilder(config: RawJson<ImageConfig>): RawJson<ImageConfig> {
  const all = rawMembers(documentText(config))
  const members = without(all, OF_IMAGE)
  let isSame = members.size === all.size
  for (const [key, text] of members) {
    if (key.toLowerCase() !== 'config' || !text.startsWith('{')) continue
    const before = rawMembers(text)
    const after = without(before, OF_CONTAINERS)
    members.set(key, goObject(after))
    isSame &&= after.size === before.size
  }
  return isSame ? config : parseJson(new TextEncoder().encode(goObject(members)), imageConfig, config.location)
}

// Go reads a key whatever its case.
function without(members: ReadonlyMap<string, string>, keys: ReadonlySet<string>): Map<string, string> {
  return new Map([...members].filter(([key]) => !keys.has(key.toLowerCase())))
}
