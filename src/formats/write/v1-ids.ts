import { digestOf, hexOf } from '../../bytes/digest.js'
import { chainIDs } from '../../model/chain-id.js'
import { byBytes, goObject, goString, rawMembers } from '../../model/go-json.js'
import { encodeV1Image } from '../../model/go-struct.js'
import { documentText, membersOf } from '../../model/json.js'
import type { OutgoingImage } from '../../model/outgoing.js'

/** A folder of an archive as docker wrote them up to 24. */
export interface V1Folder {
  /** 64 hex digits. */
  readonly id: string
  /** Its `json`. */
  readonly json: Uint8Array
}

// Docker since 17.04 writes this time in its own zone, so that its v1 ids differ from host to host; here it is UTC.
const CREATED = '1970-01-01T00:00:00Z'
const encoder = new TextEncoder()

/**
 * The v1 folders of an image, one per layer, base first, with the ids that docker gives them: sha256 of the v1 JSON with
 * the chainID as layer_id and the parent's id (moby image/v1, CreateID).
 */
export function v1Folders({ config, layers, platform }: OutgoingImage): readonly V1Folder[] {
  const top: unknown = {
    ...membersOf(JSON.parse(documentText(config))),
    id: undefined,
    parent: undefined,
    Size: undefined,
  }
  const chain = chainIDs(layers.map(({ diffID }) => diffID))
  const folders: V1Folder[] = []
  for (const [index, chainID] of chain.entries()) {
    const parent = folders.at(-1)?.id
    const isTop = index === chain.length - 1
    const id = v1ID(isTop ? top : { created: CREATED }, chainID, parent)
    const fields = isTop ? membersOf(top) : { created: CREATED, os: platform.os }
    folders.push({
      id,
      json: encoder.encode(encodeV1Image({ ...fields, id, ...(parent !== undefined && { parent }) })),
    })
  }
  return folders
}

function v1ID(fields: unknown, chainID: string, parent: string | undefined): string {
  const members = new Map(rawMembers(encodeV1Image(fields)))
  members.set('layer_id', goString(chainID))
  if (parent !== undefined) members.set('parent', goString(`sha256:${parent}`))
  const sorted = [...members].sort(([a], [b]) => byBytes(a, b))
  return hexOf(digestOf(encoder.encode(goObject(sorted))))
}
