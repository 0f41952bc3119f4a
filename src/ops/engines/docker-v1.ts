import type { DiffID, Digest } from '../../bytes/digest.js'
import { toArchiveError } from '../../errors.js'
import { configFromV1, parseV1, type V1Document } from '../../model/derived-config.js'
import { familiarName, parseReference } from '../../model/reference.js'
import type { Extracted } from './docker-archive.js'
import { isObject, textFrom, valueOf } from './docker-config.js'
import { layerStack } from './docker-layers.js'
import type { DockerRules } from './docker-rules.js'
import { decodeFirst, decodeWhole } from './go-syntax.js'
import { mapOf, misfit, struct, text } from './go-types.js'
import { addImage, giveName, Stop, type Given, type Loading } from './prediction.js'

/** An image of the chain as it was loaded. */
interface LoadedV1 {
  readonly id: Digest
  readonly chain: readonly V1Document[]
  readonly diffIDs: readonly DiffID[]
  readonly paths: readonly string[]
}

// What a chain may be long before we say that its parents go round in a circle.
const MOST_PARENTS = 10_000

/** The load of an archive without manifest.json: every top-level directory is an image (FORMATS 2.3). Errors: Stop. */
export async function loadV1(given: Given, loading: Loading, rules: DockerRules, extracted: Extracted): Promise<void> {
  const loaded = new Map<string, LoadedV1>()
  const names = [...extracted.root.children].filter(([, node]) => node.kind === 'directory').map(([name]) => name)
  for (const name of names.sort()) await loadFolder({ given, loading, rules, extracted, loaded }, name)
  await loadNames({ given, loading, rules, extracted, loaded })
}

interface V1Loading {
  readonly given: Given
  readonly loading: Loading
  readonly rules: DockerRules
  readonly extracted: Extracted
  readonly loaded: Map<string, LoadedV1>
}

async function loadFolder(load: V1Loading, name: string): Promise<void> {
  // Parents come first; dockerd calls itself for them, and dies of a circle.
  const todo: string[] = [name]
  while (todo.length > 0) {
    const id = todo.at(-1) ?? ''
    if (load.loaded.has(id)) {
      todo.pop()
      continue
    }
    const bytes = await load.given.documents.read(load.extracted.file(`${id}/json`))
    const parent = parentOf(bytes)
    if (parent === '' || load.loaded.has(parent)) {
      await loadImage(load, id, parent, bytes)
      todo.pop()
      continue
    }
    if (todo.includes(parent) || todo.length > MOST_PARENTS) {
      throw new Stop('dockerd dies of a stack overflow: the parents go round in a circle', 'crashes')
    }
    todo.push(parent)
  }
}

function parentOf(bytes: Uint8Array): string {
  const decoded = decodeWhole(bytes)
  const fault = 'fault' in decoded ? decoded.fault : misfit(decoded.value, struct('', { OS: text, Parent: text }))
  if ('fault' in decoded || fault !== undefined) throw new Stop(fault ?? '')
  return textFrom(valueOf(decoded.value, 'parent'))
}

async function loadImage(
  { given, loading, rules, extracted, loaded }: V1Loading,
  id: string,
  parent: string,
  bytes: Uint8Array,
) {
  const below = loaded.get(parent)
  const stack = layerStack(given, rules)
  const paths = [...(below?.paths ?? []), `${id}/layer.tar`]
  const diffIDs: DiffID[] = []
  for (const path of paths) diffIDs.push(await stack.add(extracted.file(path)))
  const chain = [...(below?.chain ?? []), parse(bytes)]
  const { digest } = configFromV1(chain, diffIDs, given.view.location)
  loaded.set(id, { id: digest, chain, diffIDs, paths })
  addImage(loading, digest)
  // `docker images` does not list what has children and no name.
  if (below !== undefined) loading.parents.add(below.id)
}

function parse(bytes: Uint8Array): V1Document {
  const decoded = decodeWhole(bytes)
  // Go reads null as an object without keys.
  const isNull = 'value' in decoded && decoded.value === null
  try {
    return parseV1(isNull ? new TextEncoder().encode('{}') : bytes, '')
  } catch (error) {
    throw new Stop(toArchiveError(error).message)
  }
}

async function loadNames({ given, loading, extracted, loaded }: V1Loading): Promise<void> {
  const decoded = decodeFirst(await given.documents.read(extracted.file('repositories')))
  const fault = 'fault' in decoded ? decoded.fault : misfit(decoded.value, mapOf(mapOf(text)))
  if ('fault' in decoded || fault !== undefined) throw new Stop(fault ?? '')
  for (const [name, tags] of Object.entries(isObject(decoded.value) ? decoded.value : {})) {
    for (const [tag, target] of Object.entries(isObject(tags) ? tags : {})) {
      const image = loaded.get(textFrom(target))
      if (image === undefined) throw new Stop(`invalid target ID: ${textFrom(target)}`)
      const reference = parseReference(`${name}:${tag}`)
      if (reference === undefined) throw new Stop('invalid reference format')
      giveName(loading, addImage(loading, image.id), familiarName(reference))
    }
  }
}
