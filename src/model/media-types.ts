import type { Compression } from '../bytes/compression.js'

/** What a media type says a document or blob is. */
export type MediaRole = 'index' | 'manifest' | 'config' | 'layer' | 'foreign-layer' | 'attestation' | 'unknown'

const OCI = 'application/vnd.oci.image'
const DOCKER = 'application/vnd.docker'

const ROLES: ReadonlyMap<string, MediaRole> = new Map<string, MediaRole>([
  [`${OCI}.index.v1+json`, 'index'],
  [`${DOCKER}.distribution.manifest.list.v2+json`, 'index'],
  [`${OCI}.manifest.v1+json`, 'manifest'],
  [`${DOCKER}.distribution.manifest.v2+json`, 'manifest'],
  [`${OCI}.config.v1+json`, 'config'],
  [`${DOCKER}.container.image.v1+json`, 'config'],
  ['application/vnd.in-toto+json', 'attestation'],
])

const LAYER = [`${OCI}.layer.v1.tar`, `${DOCKER}.image.rootfs.diff.tar`]
const FOREIGN = [`${OCI}.layer.nondistributable.v1.tar`, `${DOCKER}.image.rootfs.foreign.diff.tar`]
// OCI appends with `+`, docker with `.` and its own word for gzip.
const SUFFIXES: ReadonlyMap<string, Compression> = new Map<string, Compression>([
  ['', 'none'],
  ['+gzip', 'gzip'],
  ['.gzip', 'gzip'],
  ['+zstd', 'zstd'],
  ['.zstd', 'zstd'],
])

/** Media types that imgtar writes. */
export const MEDIA_TYPES = {
  ociIndex: `${OCI}.index.v1+json`,
  ociManifest: `${OCI}.manifest.v1+json`,
  ociConfig: `${OCI}.config.v1+json`,
  ociLayer: `${OCI}.layer.v1.tar`,
  dockerManifest: `${DOCKER}.distribution.manifest.v2+json`,
  dockerConfig: `${DOCKER}.container.image.v1+json`,
  dockerLayer: `${DOCKER}.image.rootfs.diff.tar`,
} as const

/** What a media type says its content is; parameters behind `;` do not count. */
export function roleOf(mediaType: string): MediaRole {
  const name = bare(mediaType)
  const known = ROLES.get(name)
  if (known !== undefined) return known
  if (LAYER.some((base) => suffixOf(name, base) !== undefined)) return 'layer'
  return FOREIGN.some((base) => suffixOf(name, base) !== undefined) ? 'foreign-layer' : 'unknown'
}

/** The compression that a layer's media type claims; undefined where it says nothing. They lie: the bytes decide. */
export function compressionClaimed(mediaType: string): Compression | undefined {
  const name = bare(mediaType)
  for (const base of [...LAYER, ...FOREIGN]) {
    const suffix = suffixOf(name, base)
    if (suffix !== undefined) return SUFFIXES.get(suffix)
  }
  return undefined
}

function bare(mediaType: string): string {
  return (mediaType.split(';')[0] ?? '').trim().toLowerCase()
}

function suffixOf(name: string, base: string): string | undefined {
  const suffix = name.startsWith(base) ? name.slice(base.length) : undefined
  return suffix !== undefined && SUFFIXES.has(suffix) ? suffix : undefined
}
