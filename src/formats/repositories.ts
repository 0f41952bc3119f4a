import type { Image } from '../model/image.js'
import { repositoriesFile, type Repositories } from '../model/manifest.js'
import { familiarName, parseReference } from '../model/reference.js'
import { parseOrTell, placeOf, type Reading } from './documents.js'
import { getFile, type FoundFile } from './files.js'

const REPOSITORIES = 'repositories'

/** Names of a repositories file, familiar, with the id that each points at: a v1 id, or a top layer since docker 25. */
export function repositoryNames(repositories: Repositories): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const [name, tags] of repositories) {
    for (const [tag, id] of tags) names.set(familiar(`${name}:${tag}`), id)
  }
  return names
}

function familiar(name: string): string {
  const reference = parseReference(name)
  return reference === undefined ? name : familiarName(reference)
}

/** The repositories file, where there is one that can be read. */
export async function readRepositories(
  reading: Reading,
): Promise<{ file: FoundFile; value: Repositories } | undefined> {
  const file = await getFile(reading.files, REPOSITORIES)
  if (file === undefined) return undefined
  const document = await parseOrTell(reading, file, repositoriesFile, 'REPOSITORIES_MISMATCH')
  return document === undefined ? undefined : { file, value: document.value }
}

/** Holds the repositories file of an archive against its manifest.json: same names, and ids that exist. */
export async function compareRepositories(reading: Reading, images: readonly Image[]): Promise<void> {
  const repositories = await readRepositories(reading)
  if (repositories === undefined) return
  const place = placeOf(repositories.file)
  const named = repositoryNames(repositories.value)
  const tagged = new Set(images.flatMap((image) => image.names))
  const tops = new Set(images.map(({ layers }) => layers.at(-1)?.claims.diffID))
  // An image without layers has no id that the file could give.
  const withID = new Set(images.flatMap(({ names, layers }) => (layers.length === 0 ? [] : names)))
  for (const [name, id] of named) {
    if (!tagged.has(name)) tell(`repositories names ${name}, manifest.json does not`)
    if (!(await exists(reading, id, tops))) tell(`repositories says ${name} is ${id}, which is not in the archive`)
  }
  for (const name of withID) {
    if (!named.has(name)) tell(`manifest.json names ${name}, repositories does not`)
  }
  function tell(message: string): void {
    reading.log.add('REPOSITORIES_MISMATCH', message, place)
  }
}

/** Whether an id is the diffID of a top layer, as since docker 25, or a v1 folder. */
async function exists(reading: Reading, id: string, tops: ReadonlySet<string | undefined>): Promise<boolean> {
  if (!/^[a-f0-9]{64}$/.test(id)) return false
  if (tops.has(`sha256:${id}`)) return true
  return (await getFile(reading.files, `${id}/json`)) !== undefined
}
