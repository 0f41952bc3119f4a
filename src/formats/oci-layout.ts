import { asDigest, type Digest } from '../bytes/digest.js'
import { findingLog } from '../model/finding-log.js'
import type { Companion } from '../model/companion.js'
import type { Image, ImageArchive, IndexAnnotations, LooseBlob } from '../model/image.js'
import { imageManifest, ociLayout as layoutSchema, type ImageManifest } from '../model/manifest.js'
import { parseOrTell, placeOf, readingOf, requireDocument, type Reading } from './documents.js'
import { getFile, type FileSet } from './files.js'
import { archiveOf, type Format } from './format.js'
import { loggedAllowance } from './images.js'
import { looseBlob } from './layers.js'
import { readCompanions } from './oci-companions.js'
import { isAttestation, isImage, looseBlobsOf, readOciImage, subjectOf } from './oci-image.js'
import { walkIndex, type FoundManifest } from './oci-walk.js'

const INDEX = 'index.json'

/** An OCI image layout, as a directory or in a tar (OCI image spec, image-layout.md). */
export const ociLayout: Format = {
  name: 'oci-layout',
  what: 'an OCI image layout',
  async recognises(files) {
    const index = await getFile(files, INDEX)
    const marks = [await getFile(files, 'oci-layout'), ...(await files.list('blobs'))]
    return index !== undefined && marks.some((mark) => mark !== undefined)
  },
  async read(files, context) {
    const log = findingLog(files.location)
    const { images, ...layout } = await readLayout(readingOf(files, log, context))
    return { ...archiveOf('oci-layout', files, images, log), ...layout }
  },
}

/** The images of an OCI layout, the blobs that belong to none, and the documents above and beside images. */
export interface ReadLayout {
  readonly images: readonly Image[]
  readonly loose: ImageArchive['loose']
  readonly companions: readonly Companion[]
  readonly indexAnnotations?: IndexAnnotations
}

/** Reads index.json and all below it. Errors: ERR_JSON and ERR_DOCUMENT when index.json cannot be read. */
export async function readLayout(reading: Reading): Promise<ReadLayout> {
  await checkVersion(reading)
  const index = await requireDocument(reading, INDEX, imageManifest)
  return readIndex(reading, index.value, INDEX)
}

/** What an index leads to; `path` is where it stands. */
export async function readIndex(reading: Reading, index: ImageManifest, path: string): Promise<ReadLayout> {
  const { manifests, reached } = await walkIndex(reading, index, path)
  const images: Image[] = []
  const used = new Set(reached.keys())
  const loose: LooseBlob[] = []
  const attestations = attestationsOf(manifests)
  const allowance = loggedAllowance(reading.log, path)
  for (const manifest of manifests) {
    if (!allowance.takes(manifest.document.value.layers?.length ?? 0)) break
    if (isImage(manifest) && !isAttestation(manifest))
      images.push(withAttachments(await readOciImage(reading, manifest), attestations))
    else {
      tellArtifact(reading, manifest)
      for (const blob of await looseBlobsOf(reading, manifest)) loose.push(blob)
    }
  }
  if (manifests.length === 0) reading.log.add('IMAGE_NONE', `${path} leads to no image`, { path })
  tellSharedNames(reading, images, path)
  for (const image of images) addUsed(used, image)
  for (const { path } of loose) used.add(path)
  const companions = await readCompanions(reading, { index, path }, { manifests, reached })
  const { annotations = new Map<string, string>() } = index
  return {
    images,
    loose: [...loose, ...(await orphans(reading.files, used))],
    companions,
    ...(annotations.size > 0 && { indexAnnotations: { annotations, about: manifestsOf(images) } }),
  }
}

function manifestsOf(images: readonly Image[]): readonly Digest[] {
  return images.flatMap(({ manifest }) => manifest?.digest ?? [])
}

async function checkVersion(reading: Reading): Promise<void> {
  const file = await getFile(reading.files, 'oci-layout')
  if (file === undefined) {
    reading.log.add('LAYOUT_VERSION', 'there is no oci-layout file', { path: 'oci-layout' })
    return
  }
  const document = await parseOrTell(reading, file, layoutSchema, 'LAYOUT_VERSION')
  const version = document?.value.imageLayoutVersion
  if (document === undefined || version === '1.0.0') return
  reading.log.add('LAYOUT_VERSION', 'oci-layout names a version that does not exist', {
    ...placeOf(file),
    expected: '1.0.0',
    actual: version ?? 'nothing',
  })
}

function tellArtifact(reading: Reading, manifest: FoundManifest): void {
  if (isAttestation(manifest)) return
  reading.log.add('ARTIFACT', `${manifest.file.path} is an artifact, not an image`, placeOf(manifest.file))
}

/** Digests of attestations by that of the manifest they are about. */
function attestationsOf(manifests: readonly FoundManifest[]): ReadonlyMap<string | undefined, readonly Digest[]> {
  const bySubject = new Map<string | undefined, Digest[]>()
  for (const manifest of manifests.filter(isAttestation)) {
    const subject = subjectOf(manifest)
    const known = bySubject.get(subject)
    if (known === undefined) bySubject.set(subject, [manifest.document.digest])
    else known.push(manifest.document.digest)
  }
  return bySubject
}

function withAttachments(image: Image, attestations: ReadonlyMap<string | undefined, readonly Digest[]>): Image {
  return { ...image, attachments: attestations.get(image.manifest?.digest) ?? [] }
}

function tellSharedNames(reading: Reading, images: readonly Image[], path: string): void {
  const targets = new Map<string, Digest | undefined>()
  for (const image of images) {
    for (const name of image.names) {
      if (targets.has(name) && targets.get(name) !== image.targetDigest) {
        reading.log.add('TAG_DUPLICATE', `${path} names two images ${name}`, { path })
      }
      targets.set(name, image.targetDigest)
    }
  }
}

function addUsed(used: Set<string>, image: Image): void {
  for (const layer of image.layers) used.add(layer.path)
  if (image.configSource.kind !== 'derived') used.add(image.configSource.path)
}

/** Blobs that nothing refers to; what their path claims is proved all the same. */
async function orphans(files: FileSet, used: ReadonlySet<string>): Promise<readonly LooseBlob[]> {
  const found: LooseBlob[] = []
  for (const algorithm of await files.list('blobs')) {
    for (const hex of await files.list(`blobs/${algorithm}`)) {
      const path = `blobs/${algorithm}/${hex}`
      const digest = asDigest(`${algorithm}:${hex}`)
      const file = used.has(path) || digest === undefined ? undefined : await getFile(files, path)
      if (digest === undefined || file === undefined || used.has(file.path)) continue
      found.push({ ...looseBlob({ ...file, path }, digest), referred: false })
    }
  }
  return found
}
