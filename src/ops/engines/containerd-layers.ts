import type { ByteSource } from '../../bytes/source.js'
import { rawWords, tarWords, type LayerFacts } from './layer-facts.js'
import type { Given } from './prediction.js'

/** What unpacking the layers of an image comes to: the first thing that goes wrong, in the words of containerd. */
export async function unpackFault(
  given: Given,
  layers: readonly { readonly source: ByteSource | undefined; readonly digest: string; readonly mediaType: string }[],
  diffIDs: readonly string[],
): Promise<string | undefined> {
  if (layers.length !== diffIDs.length) return 'mismatched image rootfs and manifest layers'
  for (const [index, { source, digest, mediaType }] of layers.entries()) {
    const failed = `apply layer error: failed to extract layer ${diffIDs[index] ?? ''}`
    if (source === undefined) return `${failed}: NotFound: content digest ${digest}: not found`
    const facts = await given.layers.read(source)
    const isRaw = isTakenRaw(facts, mediaType)
    const words = isRaw
      ? rawWords(facts.size)
      : extraction(facts, () => given.unpackings.containerd(facts, index === 0 ? 'first' : 'overlay'))
    if (words !== undefined) return `${failed}: ${words}`
    const measured: string | undefined = isRaw ? facts.digest : facts.diffID
    if (measured !== diffIDs[index]) {
      return `apply layer error: wrong diff id calculated on extraction "${measured ?? ''}"`
    }
  }
  return undefined
}

// containerd knows gzip and zstd by their magic and takes all else for a tar (FORMATS 1.6); where an OCI media type calls
// the layer a plain tar it does not even look.
function isTakenRaw({ compression }: LayerFacts, mediaType: string): boolean {
  if (compression === 'none') return false
  if (compression !== 'gzip' && compression !== 'zstd') return true
  return mediaType.includes('.oci.') && !/\+(?:gzip|zstd)$/.test(mediaType)
}

function extraction(facts: LayerFacts, unpacked: () => string | undefined): string | undefined {
  const words = unpacked()
  if (words !== undefined) return words
  if (facts.stream === 'truncated' || facts.stream === 'damaged') {
    return facts.compression === 'gzip'
      ? 'exit status 1: unpigz: skipping: <stdin>: corrupted -- incomplete deflate data'
      : 'unexpected EOF'
  }
  if (facts.stream === 'trailing' && facts.compression === 'zstd') return 'invalid input: magic number mismatch'
  return facts.fault === undefined ? undefined : tarWords(facts.fault)
}
