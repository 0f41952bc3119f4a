import type { LoadView } from '../../model/load-view.js'
import { rawWords } from './layer-facts.js'
import { Stop } from './prediction.js'

/** What tells versions and users of containers/image apart (skopeo, podman). */
export interface CopyRules {
  /** skopeo 1.9 and podman 4.3 of Debian 12 take a gzip file for a tar, unless it is gzip twice. */
  readonly outerGzip: boolean
  /** Older ones know no zstd with a docker media type. */
  readonly dockerZstd: boolean
  /** `dir` compares sizes and writes sha256 only; a store unpacks layers and asks for diffIDs. */
  readonly into: 'dir' | 'overlay' | 'vfs'
  /** Since 5 a store compares the diffIDs of OCI layers with the config. */
  readonly checksDiffIDs: boolean
  /** What becomes of a digest that is none: skopeo 1.9 never looks (CVE-2024-3727). */
  readonly checksDigests: boolean
}

const skopeo: CopyRules = {
  outerGzip: true,
  dockerZstd: true,
  into: 'dir',
  checksDiffIDs: false,
  checksDigests: true,
}

/** Rules by engine. */
export const COPY_RULES = {
  'skopeo-1.9': { ...skopeo, outerGzip: false, dockerZstd: false, checksDigests: false },
  skopeo,
  'podman-4': { ...skopeo, outerGzip: false, dockerZstd: false, into: 'vfs' },
  podman: { ...skopeo, into: 'overlay', checksDiffIDs: true },
  'podman-vfs': { ...skopeo, into: 'vfs', checksDiffIDs: true },
} as const satisfies Readonly<Record<string, CopyRules>>

/** Stops where the compression around a docker-archive is one that containers/image does not get through. */
export function checkPeels({ peels }: LoadView, rules: CopyRules): void {
  const [peel, second] = peels
  if (peel === undefined) return
  for (const { problem } of peels) {
    if (problem === 'checksum') throw new Stop('copying contents to temporary file: gzip: invalid checksum')
    if (problem !== undefined) throw new Stop('copying contents to temporary file: unexpected EOF')
  }
  const isLost = peel.compression === 'gzip' && second === undefined && !rules.outerGzip
  if (isLost) throw new Stop(`loading tar component manifest.json: ${rawWords(512) ?? ''}`)
}

/** Why a digest cannot be one of a blob, in the words of go-digest. */
export function digestFault(digest: string): string | undefined {
  const [algorithm = '', hex = ''] = digest.split(/:(.*)/s)
  if (!/^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/.test(digest)) {
    return algorithm === 'sha256' && hex !== '' ? 'invalid checksum digest length' : 'invalid checksum digest format'
  }
  const length = new Map([
    ['sha256', 64],
    ['sha384', 96],
    ['sha512', 128],
  ]).get(algorithm)
  if (length === undefined) return 'unsupported digest algorithm'
  if (hex.length !== length) return 'invalid checksum digest length'
  return /^[a-f0-9]+$/.test(hex) ? undefined : 'invalid checksum digest format'
}
