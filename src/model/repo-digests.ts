import { byBytes } from './go-json.js'
import { parseReference } from './reference.js'

// What containerd labels content with that came from a registry (pkg/labels, LabelDistributionSource): its repositories.
const SOURCE = 'containerd.io/distribution.source.'
/** All of them, digests included; no standard key holds digests that are not those of the manifest at hand. */
const DIGESTS = 'imgtar.repo-digests'

/**
 * OCI annotations that keep where a registry had an image, for a manifest that had to be made anew: its digest is another
 * one, so that the old one must not become a name. None for no repoDigests.
 */
export function repoDigestAnnotations(repoDigests: readonly string[]): ReadonlyMap<string, string> {
  const own = [...new Set(repoDigests)].sort(byBytes)
  const sources = new Map<string, Set<string>>()
  for (const name of own) {
    const reference = parseReference(name)
    if (reference === undefined) continue
    const key = `${SOURCE}${reference.registry}`
    sources.set(key, (sources.get(key) ?? new Set()).add(reference.repository))
  }
  if (own.length === 0) return new Map()
  return new Map([[DIGESTS, own.join(',')], ...[...sources].map(([key, all]) => [key, [...all].join(',')] as const)])
}
