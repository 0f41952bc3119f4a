import { imageAllowance } from '../../model/image-allowance.js'
import { listAt, listFrom, textFrom, valueOf } from './docker-config.js'
import { listOf, mapOf, misfit, struct, text, whole, type GoType } from './go-types.js'
import { decodeFirst, decodeWhole } from './go-syntax.js'
import { Stop } from './prediction.js'

/** One image of manifest.json. */
export interface SaveEntry {
  readonly config: string
  readonly tags: readonly string[]
  readonly layers: readonly string[]
  readonly parent: string
}

/** How a loader reads manifest.json. */
export interface SaveReading {
  /** json.Decoder stops behind the first value, json.Unmarshal wants nothing but space there. */
  readonly way: 'first' | 'whole'
  /** What it reads an entry into, and what errors call a list of them. */
  readonly entry: GoType
  readonly listName: string
}

const common = { Config: text, RepoTags: listOf(text), Layers: listOf(text) }
const sources = struct('Descriptor', { mediaType: text, size: whole, digest: text, urls: listOf(text) })

/** An entry for a loader that wants to know no more than what to load. */
export const plainEntry = struct('', common)

/** An entry for one that asks where foreign layers come from. */
export const sourcedEntry = struct('', { ...common, LayerSources: mapOf(sources) })

/** An entry with all that docker knows. */
export const fullEntry = (name: string): GoType =>
  struct(name, { ...common, Parent: text, LayerSources: mapOf(sources) })

/** The entries of manifest.json, `null` told apart from none; or what the loader says. */
export type ReadManifest =
  { readonly entries: readonly SaveEntry[]; readonly isNull: boolean } | { readonly fault: string }

/** Reads manifest.json as a Go program does (FORMATS 2.1, step 2). Throws Stop where it names more than imgtar reads. */
export function readSaveManifest(bytes: Uint8Array, { way, entry, listName }: SaveReading): ReadManifest {
  const decoded = way === 'first' ? decodeFirst(bytes) : decodeWhole(bytes)
  if ('fault' in decoded) return decoded
  const fault = misfit(decoded.value, listOf(entry, listName))
  if (fault !== undefined) return { fault }
  const allowance = imageAllowance((excess) => {
    throw new Stop(`${excess}: imgtar reads no more of them`)
  })
  const entries = listFrom(decoded.value).map((one) => {
    const layers = listAt(one, 'Layers')
    allowance.takes(layers.length)
    return {
      config: textFrom(valueOf(one, 'Config')),
      tags: listAt(one, 'RepoTags').map(textFrom),
      layers: layers.map(textFrom),
      parent: textFrom(valueOf(one, 'Parent')),
    }
  })
  return { entries, isNull: decoded.value === null }
}
