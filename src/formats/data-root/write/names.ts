import { z } from 'zod/mini'
import { goMap, goStruct, parseJson } from '../../../model/json.js'
import { familiarName, parseReference } from '../../../model/reference.js'

const repositoriesJson = goStruct({ Repositories: goMap(goMap(z.string())) })

/**
 * The text of repositories.json with more names, each with the imageID that it is to have; a name that another image had
 * moves, as docker load moves it. Errors: ERR_JSON, ERR_DOCUMENT where what is there cannot be read.
 */
export function withNames(
  before: string | undefined,
  names: readonly (readonly [name: string, imageID: string])[],
  location: string,
): string {
  const bytes = new TextEncoder().encode(before ?? '{"Repositories":{}}')
  const { value } = parseJson(bytes, repositoriesJson, location)
  const all = new Map([...value.Repositories].map(([name, tags]) => [name, new Map(tags)]))
  for (const [name, imageID] of names) {
    const reference = parseReference(name)
    if (reference?.tag === undefined) continue
    const { registry, repository } = reference
    const own = familiarName({ registry, repository })
    const tags = all.get(own) ?? new Map<string, string>()
    tags.set(familiarName({ registry, repository, tag: reference.tag }), imageID)
    all.set(own, tags)
  }
  const repositories = Object.fromEntries([...all].map(([name, tags]) => [name, Object.fromEntries(tags)]))
  return JSON.stringify({ Repositories: repositories })
}
