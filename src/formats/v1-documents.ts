import type { RunContext } from '../context.js'
import type { LooseBlob } from '../model/image.js'
import { readDocument } from '../model/json.js'

/**
 * Marks the loose v1 `json` documents that docker 25 to 28 store among the blobs and refer to from nowhere (FORMATS:
 * hybrid OCI layout) as referred to: they are no waste. They are small, so they are read to be known.
 */
export async function markV1Documents(blobs: readonly LooseBlob[], context: RunContext): Promise<readonly LooseBlob[]> {
  const marked: LooseBlob[] = []
  for (const blob of blobs) {
    marked.push({ ...blob, referred: blob.referred || (await isV1Document(blob, context)) })
  }
  return marked
}

async function isV1Document({ blob }: LooseBlob, context: RunContext): Promise<boolean> {
  if (blob.size > 64 * 1024) return false
  const bytes = await readDocument(blob, context.limits).catch(() => new Uint8Array(0))
  const text = new TextDecoder().decode(bytes)
  return /^\{"id":"[a-f0-9]{64}"/.test(text) && /"(?:container_config|layer_id|os)":/.test(text)
}
