import type { EngineName } from '../../model/engine-names.js'
import { decodeBase64 } from '../../bytes/base64.js'
import { asDigest, digestOf, type Digest } from '../../bytes/digest.js'
import { isObject, readConfig, textFrom, valueOf } from './docker-config.js'
import { decodeWhole } from './go-syntax.js'
import { blobPath, layoutDisk, type LayoutDisk } from './layout-disk.js'
import { readDescriptors, readManifest, type ImageDocuments, type OciDescriptor } from './oci-documents.js'
import { Stop, type Engine, type Given, type Loading } from './prediction.js'

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const INDEX = 'application/vnd.oci.image.index.v1+json'
const CONFIG = 'application/vnd.oci.image.config.v1+json'
const REF = 'org.opencontainers.image.ref.name'
// casext.IsValidReferenceName: the grammar of the spec for `org.opencontainers.image.ref.name`.
const COMPONENT = '[A-Za-z0-9]+(?:(?:[-._:@+]|--)[A-Za-z0-9]+)*'
const TAG = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`)

/** `umoci stat` of the first tag on the extracted layout, `umoci list` where there is none; layers are not read. */
export function umociEngine(id: EngineName, title: string): Engine {
  return { id, title, load }
}

async function load(given: Given, loading: Loading): Promise<void> {
  const disk = layoutDisk(given)
  await checkLayout(given, disk)
  const index = readDescriptors(await given.documents.read(disk.file('index.json')), 'manifests')
  if ('fault' in index) throw new Stop(`get top-level index: parse index: ${index.fault}`)
  loading.ignores.add('layers: only `umoci unpack` reads them')
  const tagged = index.descriptors.filter(({ annotations }) => annotations.has(REF))
  const [tag] = tagged.map(({ annotations }) => annotations.get(REF) ?? '')
  // What has a colon cannot be named on umoci's command line; its list shows it.
  if (tag === undefined || tag.includes(':')) return
  if (!TAG.test(tag)) {
    throw new Stop(`invalid --image: tag contains invalid characters: '${tag}'`)
  }
  const named = tagged.filter(({ annotations }) => annotations.get(REF) === tag)
  const found: OciDescriptor[] = []
  for (const one of named) found.push(...(await manifestsOf(given, disk, one)))
  const [descriptor] = found
  if (descriptor === undefined) throw new Stop(`tag not found: ${tag}`)
  if (found.length > 1) throw new Stop(`tag is ambiguous: ${tag}`)
  loading.images.push({ imageID: await stat(given, disk, descriptor), names: new Set([tag]) })
}

async function checkLayout(given: Given, disk: LayoutDisk): Promise<void> {
  if (!disk.has('oci-layout')) throw new Stop('open CAS: validate: read oci-layout: invalid image detected')
  const decoded = decodeWhole(await given.documents.read(disk.file('oci-layout')))
  const version = 'fault' in decoded ? undefined : textFrom(valueOf(decoded.value, 'imageLayoutVersion'))
  if (version !== '1.0.0') {
    throw new Stop('open CAS: validate: layout version is not supported: invalid image detected')
  }
  if (!disk.has('blobs')) throw new Stop('open CAS: validate: check blobdir: invalid image detected')
}

/** The image manifests that a descriptor leads to through indexes, each of which is read once; two are too many. */
async function manifestsOf(given: Given, disk: LayoutDisk, target: OciDescriptor): Promise<readonly OciDescriptor[]> {
  const found: OciDescriptor[] = []
  const seen = new Set<string>()
  const todo = [target]
  for (let next = todo.pop(); next !== undefined && found.length < 2; next = todo.pop()) {
    if (next.mediaType !== INDEX) found.push(next)
    else if (!seen.has(next.digest) && disk.has(blobPath(next.digest))) {
      seen.add(next.digest)
      const read = readDescriptors(await verified(given, disk, next), 'manifests')
      if ('fault' in read) throw new Stop(read.fault)
      for (const child of read.descriptors.toReversed()) todo.push(child)
    }
  }
  return found
}

async function stat(given: Given, disk: LayoutDisk, descriptor: OciDescriptor): Promise<Digest> {
  if (descriptor.mediaType !== MANIFEST) {
    const what = 'descriptor does not point to ispec.MediaTypeImageManifest: not implemented'
    throw new Stop(`invalid saved from descriptor: ${what}: ${descriptor.mediaType}`)
  }
  const document = await verified(given, disk, descriptor)
  const manifest = readManifest(document)
  if (typeof manifest === 'string') throw new Stop(`stat: ${manifest}`)
  checkMediaType(document)
  const bytes = await verified(given, disk, manifest.config)
  checkConfig(bytes, manifest)
  return digestOf(bytes)
}

/** It shows what layer each step of the history made, and panics where there is none left. */
function checkConfig(bytes: Uint8Array, { config, layers }: ImageDocuments): void {
  // What it does not know as a config it does not read.
  if (config.mediaType !== CONFIG) return
  const read = readConfig(bytes, 'oci')
  if ('fault' in read) throw new Stop(`stat: parse ${CONFIG}: ${read.fault}`)
  const { claimed, diffIDs = [] } = read.config
  const least = Math.min(layers.length, diffIDs.length)
  if (claimed > least) throw new Stop(`panic: runtime error: index out of range [${least}] with length ${least}`)
}

/** Since 0.5 a manifest that calls itself something else is refused (CVE-2021-41190). */
function checkMediaType(document: Uint8Array): void {
  const decoded = decodeWhole(document)
  const mediaType = 'fault' in decoded ? '' : textFrom(valueOf(decoded.value, 'mediaType'))
  if ('value' in decoded && isObject(decoded.value) && 'manifests' in decoded.value) {
    throw new Stop(
      `stat: parse ${MANIFEST}: malicious manifest detected: manifest contained forbidden 'manifests' field`,
    )
  }
  if (mediaType === '' || mediaType === MANIFEST) return
  const why = `malicious manifest detected: manifest contained incorrect mediaType: ${mediaType}`
  throw new Stop(`stat: parse ${MANIFEST}: ${why}`)
}

/** A blob: what the descriptor itself holds of it wins over the file. */
async function verified(given: Given, disk: LayoutDisk, descriptor: OciDescriptor): Promise<Uint8Array> {
  const { digest, mediaType, data, size } = descriptor
  const known = asDigest(digest)
  if (known === undefined) throw new Stop(`stat: get blob: invalid digest ${digest}`)
  const embedded = data === undefined ? undefined : decodeBase64(data)
  const stored = embedded ?? (await given.documents.read(disk.file(blobPath(digest))))
  if (size > stored.length) throw new Stop('panic: raw data has unexpected length')
  const bytes = stored.subarray(0, Math.max(0, size))
  const actual = digestOf(bytes, digest.startsWith('sha512:') ? 'sha512' : 'sha256')
  if (actual !== digest && embedded !== undefined) {
    const why = `expected ${digest} not ${actual}: verified reader digest mismatch`
    throw new Stop(`stat: get blob: invalid embedded descriptor data: ${why}`)
  }
  if (actual !== digest) {
    throw new Stop(
      `stat: discard trailing ${JSON.stringify(mediaType)} blob: expected ${digest} not ${actual}: verified reader digest mismatch`,
    )
  }
  return bytes
}
