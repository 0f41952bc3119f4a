import { slice } from '../../bytes/source.js'
import type { RunContext } from '../../context.js'
import { ArchiveError } from '../../errors.js'
import { imageConfig, type ImageConfig } from '../../model/config.js'
import { mostValues, parseJson, type RawJson } from '../../model/json.js'
import type { LooseMember } from '../../model/loose-member.js'
import { imageManifest, saveManifest, type ImageManifest, type SaveItem } from '../../model/manifest.js'

/** A document, and the member that it was found in. */
export interface FoundDocument<T> {
  readonly document: RawJson<T>
  readonly member: LooseMember
}

/** The documents of a damaged archive, known by what stands in them and not by where they lie. */
export interface Documents {
  readonly configs: readonly FoundDocument<ImageConfig>[]
  readonly manifests: readonly FoundDocument<ImageManifest>[]
  readonly indexes: readonly FoundDocument<ImageManifest>[]
  /** Of manifest.json. */
  readonly items: readonly SaveItem[]
}

/** Reads every member that may be a document; what is none, or damaged beyond reading, is left out. Errors: ERR_IO. */
export async function readDocuments(members: readonly LooseMember[], context: RunContext): Promise<Documents> {
  const configs: FoundDocument<ImageConfig>[] = []
  const manifests: FoundDocument<ImageManifest>[] = []
  const indexes: FoundDocument<ImageManifest>[] = []
  const items: SaveItem[] = []
  for (const member of members) {
    const bytes = await documentBytes(member, context)
    if (bytes === undefined) continue
    if (bytes[0] === BRACKET) {
      const list = attempt(() => parseJson(bytes, saveManifest, member.path))
      const isSaved = list?.value.some(({ Config }) => Config !== '') === true
      if (isSaved) for (const item of list.value) items.push(item)
      continue
    }
    const config = attempt(() => parseJson(bytes, imageConfig, member.path))
    if (config?.value.rootfs?.diff_ids !== undefined) {
      configs.push({ document: config, member })
      continue
    }
    const document = attempt(() => parseJson(bytes, imageManifest, member.path))
    if (document?.value.manifests !== undefined) indexes.push({ document, member })
    else if (document?.value.config !== undefined && document.value.layers !== undefined)
      manifests.push({ document, member })
  }
  return { configs, manifests, indexes, items }
}

const BRACKET = 0x5b
const BRACE = 0x7b
// Most documents are no longer.
const HEAD = 4096

async function documentBytes(member: LooseMember, { limits, signal }: RunContext): Promise<Uint8Array | undefined> {
  if (member.state === 'cut' || member.source.size > limits.json) return undefined
  // Where the length is not known, a document ends before the zeros.
  const length = member.least ?? member.source.size
  const part = slice(member.source, { offset: 0, length }, member.source.location)
  const head = await part.read({ offset: 0, length: Math.min(HEAD, length) }, signal)
  if (head[0] !== BRACE && head[0] !== BRACKET) return undefined
  if (head.length === length) return head
  const bytes = await part.read({ offset: 0, length }, signal)
  return mostValues(bytes, limits) === undefined ? bytes : undefined
}

function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch (error) {
    if (error instanceof ArchiveError) return undefined
    throw error
  }
}

/** The sha256 that the name of a member claims for it, without algorithm. */
export function hashNamed(path: string): string | undefined {
  return /(?:^|\/)(?:sha256:)?([a-f0-9]{64})(?:\.json|\.tar(?:\.\w+)?)?$/.exec(path)?.[1]
}
