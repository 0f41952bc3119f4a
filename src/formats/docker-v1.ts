import { toArchiveError } from '../errors.js'
import { configFromV1, draftFromV1, parseV1, type V1Document } from '../model/derived-config.js'
import { findingLog } from '../model/finding-log.js'
import type { Image } from '../model/image.js'
import { readDocument } from '../model/json.js'
import { familiarName, parseReference } from '../model/reference.js'
import { findFile, placeOf, readingOf, type Reading } from './documents.js'
import { getFile, type FileSet } from './files.js'
import { archiveOf, type Format } from './format.js'
import { loggedAllowance, platformOf } from './images.js'
import { missingLayer, namedLayer } from './layers.js'
import { readRepositories, repositoryNames } from './repositories.js'
import { chainOf, documentsOf, parentOf, type V1Node } from './v1-chain.js'

/** `docker save` up to 1.9: a folder per image with `VERSION`, `json` and `layer.tar`, and `repositories`. */
export const dockerV1: Format = {
  name: 'docker-v1',
  what: 'an image archive of docker',
  async recognises(files) {
    for (const name of await files.list('')) {
      if ((await isV1Folder(files, name)) || (await getFile(files, `${name}/layer.tar`)) !== undefined) return true
    }
    return false
  },
  async read(files, context) {
    const log = findingLog(files.location)
    const reading = readingOf(files, log, context)
    const nodes = await readNodes(reading)
    const images: Image[] = []
    const allowance = loggedAllowance(log)
    for (const [id, names] of await heads(reading, nodes)) {
      const chain = chainOf(nodes, id, log)
      if (!allowance.takes(chain.length)) break
      images.push(await readImage(reading, chain, id, names))
    }
    if (images.length === 0) log.add('IMAGE_NONE', 'no image of the archive can be put together')
    return archiveOf('docker-v1', files, images, log)
  },
}

async function isV1Folder(files: FileSet, name: string): Promise<boolean> {
  const [json, version] = [await getFile(files, `${name}/json`), await getFile(files, `${name}/VERSION`)]
  return json !== undefined && version !== undefined
}

/** Every top-level folder, as docker's load takes them: one that holds no image stops it. */
async function readNodes(reading: Reading): Promise<ReadonlyMap<string, V1Node>> {
  const nodes = new Map<string, V1Node>()
  for (const id of await reading.files.list('')) {
    const isFolder = (await reading.files.list(id)).length > 0
    const node = isFolder ? await readNode(reading, id) : undefined
    if (node !== undefined) nodes.set(id, node)
  }
  return nodes
}

async function readNode(reading: Reading, id: string): Promise<V1Node | undefined> {
  const file = await findFile(reading, `${id}/json`, 'V1_INVALID')
  if (file === undefined) return undefined
  try {
    const bytes = await readDocument(file.source, reading.context.limits)
    const document = parseV1(bytes, file.source.location)
    tellID(reading, id, document, placeOf(file))
    return { id, document, place: placeOf(file) }
  } catch (error) {
    reading.log.addError('V1_INVALID', toArchiveError(error), placeOf(file))
    return undefined
  }
}

function tellID(reading: Reading, id: string, { value }: V1Document, place: ReturnType<typeof placeOf>): void {
  if (value.id === undefined || value.id === '' || value.id === id) return
  reading.log.add('V1_ID_MISMATCH', `the folder ${id} holds the image ${value.id}`, {
    ...place,
    expected: id,
    actual: value.id,
  })
}

/** The images to show: every one that repositories names, and every one that is nobody's parent. */
async function heads(
  reading: Reading,
  nodes: ReadonlyMap<string, V1Node>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>()
  const repositories = await readRepositories(reading)
  // A cut archive lost the file, and the cut was told.
  const isCut = reading.files.findings.some(({ code }) => code === 'ARCHIVE_TRUNCATED' || code === 'ARCHIVE_HEADER')
  if (repositories === undefined && !isCut) {
    reading.log.add('REPOSITORIES_MISMATCH', 'there is no repositories file, without which docker loads nothing', {
      path: 'repositories',
    })
  }
  for (const [name, id] of repositoryNames(repositories?.value ?? new Map())) {
    tellName(reading, name)
    const names = found.get(id)
    if (names !== undefined) names.push(name)
    else if (nodes.has(id)) found.set(id, [name])
    else
      reading.log.add('V1_PARENT_MISSING', `repositories says ${name} is ${id}, which is not in the archive`, {
        path: 'repositories',
      })
  }
  const parents = new Set([...nodes.values()].map(({ document }) => document.value.parent))
  for (const id of nodes.keys()) if (!parents.has(id) && !found.has(id)) found.set(id, [])
  // Where parents form a circle, every image of it is somebody's parent.
  const first = nodes.keys().next()
  if (found.size === 0 && first.done !== true) found.set(first.value, [])
  return found
}

function tellName(reading: Reading, name: string): void {
  const reference = parseReference(name)
  if (reference?.tag !== undefined && familiarName(reference) === name) return
  reading.log.add('TAG_INVALID', `${JSON.stringify(name)} is no name with a tag`, {
    path: 'repositories',
    actual: name,
  })
}

async function readImage(
  reading: Reading,
  chain: readonly V1Node[],
  id: string,
  names: readonly string[],
): Promise<Image> {
  const documents = documentsOf(chain)
  const lost = parentOf(chain[0])
  const layers = lost === undefined ? [] : [missingLayer(0, `${lost}/layer.tar`, {}, reading.files.location)]
  for (const node of chain) layers.push(await namedLayer(reading, layers.length, `${node.id}/layer.tar`, {}))
  const location = `${reading.files.location} › ${id}/json`
  const config = draftFromV1(documents, location)
  return {
    names,
    platform: platformOf(config),
    config: { ...config, rootfs: { type: 'layers' } },
    configSource: { kind: 'derived', make: (diffIDs) => configFromV1(documents, diffIDs, location) },
    manifest: undefined,
    layers,
    attachments: [],
    path: `${id}/json`,
  }
}
