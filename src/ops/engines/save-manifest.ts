import { listFrom, textFrom, valueOf } from './docker-config.js'
import { listOf, misfit, struct, text } from './go-types.js'
import { decodeFirst, decodeWhole } from './go-syntax.js'

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
  /** What errors call an entry and the list of them. */
  readonly entryName: string
  readonly listName: string
}

/** The entries of manifest.json, `null` told apart from none; or what the loader says. */
export type ReadManifest =
  { readonly entries: readonly SaveEntry[]; readonly isNull: boolean } | { readonly fault: string }

/** Reads manifest.json as a Go program does (FORMATS 2.1, step 2). */
export function readSaveManifest(bytes: Uint8Array, { way, entryName, listName }: SaveReading): ReadManifest {
  const decoded = way === 'first' ? decodeFirst(bytes) : decodeWhole(bytes)
  if ('fault' in decoded) return decoded
  const entry = struct(entryName, { Config: text, RepoTags: listOf(text), Layers: listOf(text), Parent: text })
  const fault = misfit(decoded.value, listOf(entry, listName))
  if (fault !== undefined) return { fault }
  const entries = listFrom(decoded.value).map((one) => ({
    config: textFrom(valueOf(one, 'Config')),
    tags: listFrom(valueOf(one, 'RepoTags')).map(textFrom),
    layers: listFrom(valueOf(one, 'Layers')).map(textFrom),
    parent: textFrom(valueOf(one, 'Parent')),
  }))
  return { entries, isNull: decoded.value === null }
}
