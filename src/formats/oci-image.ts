import { asDiffID, asDigest } from '../bytes/digest.js'
import { blobPath, type Descriptor } from '../model/descriptor.js'
import type { Image, Layer, LayerClaims, LooseBlob } from '../model/image.js'
import { roleOf } from '../model/media-types.js'
import type { Reading } from './documents.js'
import { platformOf, readConfigFile, type ReadConfig } from './images.js'
import { looseBlob, missingLayer, storedLayer } from './layers.js'
import { checkDocument, findBlob } from './oci-blobs.js'
import type { FoundManifest } from './oci-walk.js'

/** Whether a manifest is about another one: an attestation, a signature, an SBOM. Never an image. */
export function isAttestation({ descriptor, document }: FoundManifest): boolean {
  const type = descriptor.annotations?.get('vnd.docker.reference.type')
  const { architecture, os } = descriptor.platform ?? {}
  return type !== undefined || (architecture === 'unknown' && os === 'unknown') || document.value.subject !== undefined
}

/** Whether a manifest is an image: its config says so, or its layers are layers. */
export function isImage(manifest: FoundManifest): boolean {
  const { config, layers, artifactType } = manifest.document.value
  if (config === undefined || (artifactType !== undefined && artifactType !== '')) return false
  const role = roleOf(config.mediaType)
  return (
    role === 'config' || (role === 'unknown' && (layers ?? []).some(({ mediaType }) => roleOf(mediaType) === 'layer'))
  )
}

/** The digest of the manifest that an attestation is about. */
export function subjectOf({ descriptor, document }: FoundManifest): string | undefined {
  return document.value.subject?.digest ?? descriptor.annotations?.get('vnd.docker.reference.digest')
}

/** The image of a manifest; every fault on the way is a finding. */
export async function readOciImage(reading: Reading, manifest: FoundManifest): Promise<Image> {
  const { document, names, file, target, annotations } = manifest
  const { source, config } = await readManifestConfig(reading, manifest)
  comparePlatform(reading, manifest, config)
  const layers: Layer[] = []
  for (const [index, descriptor] of (document.value.layers ?? []).entries()) {
    layers.push(await readLayer(reading, manifest, index, claimsOf(descriptor, config.rootfs?.diff_ids?.[index])))
  }
  return {
    names,
    platform: platformOf(config),
    config,
    configSource: source,
    manifest: document,
    layers,
    attachments: [],
    ...(target !== undefined && { targetDigest: target }),
    ...(annotations.size > 0 && { entryAnnotations: annotations }),
    path: file.path,
  }
}

async function readManifestConfig(reading: Reading, manifest: FoundManifest): Promise<ReadConfig> {
  const descriptor = manifest.document.value.config
  const from = manifest.file.path
  const file = descriptor === undefined ? undefined : await findBlob(reading, descriptor, from)
  if (descriptor === undefined || file === undefined) {
    const digest = asDigest(descriptor?.digest ?? '')
    const path = digest === undefined ? from : blobPath(digest)
    reading.log.add('CONFIG_MISSING', `the config of ${from} is not in the archive`, { path })
    return { source: { kind: 'absent', path }, config: {} }
  }
  await checkDocument(reading, file, descriptor, 'CONFIG_DIGEST_MISMATCH')
  return readConfigFile(reading, file, undefined)
}

async function readLayer(
  reading: Reading,
  manifest: FoundManifest,
  index: number,
  claims: LayerClaims,
): Promise<Layer> {
  const descriptor = manifest.document.value.layers?.[index]
  const from = manifest.file.path
  const file = descriptor === undefined ? undefined : await findBlob(reading, descriptor, from)
  if (file !== undefined) return storedLayer(index, file, claims)
  const path = claims.digest === undefined ? from : blobPath(claims.digest)
  const isForeign =
    descriptor !== undefined && (roleOf(descriptor.mediaType) === 'foreign-layer' || (descriptor.urls ?? []).length > 0)
  const code = isForeign ? 'LAYER_FOREIGN' : 'LAYER_MISSING'
  reading.log.add(code, `layer ${index} of ${from} is not in the archive`, {
    path,
    layer: index,
    ...(descriptor !== undefined && { expected: descriptor.digest }),
  })
  return missingLayer(index, path, claims, reading.files.location)
}

function claimsOf(descriptor: Descriptor, diffIDText: string | undefined): LayerClaims {
  const diffID = diffIDText === undefined ? undefined : asDiffID(diffIDText)
  const digest = asDigest(descriptor.digest)
  return {
    ...(diffID !== undefined && { diffID }),
    ...(digest !== undefined && { digest }),
    size: descriptor.size,
    mediaType: descriptor.mediaType,
  }
}

function comparePlatform(reading: Reading, manifest: FoundManifest, config: ReadConfig['config']): void {
  const claimed = manifest.descriptor.platform
  if (claimed === undefined || config.os === undefined) return
  const same = claimed.os === config.os && claimed.architecture === config.architecture
  if (same) return
  reading.log.add('PLATFORM_MISMATCH', `${manifest.file.path} is not for the platform that the index names`, {
    path: manifest.file.path,
    expected: `${claimed.os ?? ''}/${claimed.architecture ?? ''}`,
    actual: `${config.os}/${config.architecture ?? ''}`,
  })
}

/** The blobs of a manifest that is no image, to be proved by their descriptors. */
export async function looseBlobsOf(reading: Reading, manifest: FoundManifest): Promise<readonly LooseBlob[]> {
  const { config, layers } = manifest.document.value
  const blobs: LooseBlob[] = []
  for (const descriptor of [...(config === undefined ? [] : [config]), ...(layers ?? [])]) {
    const digest = asDigest(descriptor.digest)
    const file = await findBlob(reading, descriptor, manifest.file.path)
    if (digest !== undefined && file === undefined) {
      reading.log.add('BLOB_MISSING', `${digest.replace(':', ' ')} is not in the archive`, { path: blobPath(digest) })
    }
    if (digest === undefined || file === undefined) continue
    blobs.push({ ...looseBlob(file, digest), size: descriptor.size, referred: true })
  }
  return blobs
}
