import { asDiffID, asDigest } from '../bytes/digest.js'
import type { ByteSource } from '../bytes/source.js'
import { findingLog, type FindingLog } from '../model/finding-log.js'
import type { Image, Layer, LayerClaims } from '../model/image.js'
import { saveManifest, type SaveItem } from '../model/manifest.js'
import { familiarName, parseReference } from '../model/reference.js'
import { readingOf, requireDocument, type Reading } from './documents.js'
import { getFile } from './files.js'
import { archiveOf, type Format } from './format.js'
import { loggedAllowance, platformOf, readConfig } from './images.js'
import { hashInName, namedLayer } from './layers.js'
import { compareRepositories } from './repositories.js'

const MANIFEST = 'manifest.json'

/** `docker save` since 1.10 and all who write like it: what manifest.json says (FORMATS: image archives b, c, d). */
export const dockerSave: Format = {
  name: 'docker-save',
  what: 'an image archive of docker',
  async recognises(files) {
    const file = await getFile(files, MANIFEST)
    return file !== undefined && (await looksLikeList(file.source))
  },
  async read(files, context) {
    const log = findingLog(files.location)
    const images = await readSaveImages(readingOf(files, log, context))
    return archiveOf('docker-save', files, images, log)
  },
}

// A root filesystem or skopeo's `dir:` may hold another manifest.json; that one is an object with a schema.
async function looksLikeList(source: ByteSource): Promise<boolean> {
  // What cannot be read now is told when it is read as what it is called: over the limit, or damaged.
  const head = await source.read({ offset: 0, length: Math.min(4096, source.size) }).catch(() => new Uint8Array(0))
  const text = new TextDecoder().decode(head)
  return !/"(?:schemaVersion|manifest_version|start_url|icons)"/.test(text)
}

/** The images of manifest.json, in its order. Errors: ERR_JSON and ERR_DOCUMENT when it cannot be read. */
export async function readSaveImages(reading: Reading): Promise<readonly Image[]> {
  const manifest = await requireDocument(reading, MANIFEST, saveManifest)
  if (manifest.value.length === 0) reading.log.add('IMAGE_NONE', 'manifest.json lists no image', { path: MANIFEST })
  const images: Image[] = []
  const allowance = loggedAllowance(reading.log, MANIFEST)
  for (const item of manifest.value) {
    if (!allowance.takes(item.Layers.length)) break
    images.push(await readItem(reading, item))
  }
  tellSharedNames(reading.log, images)
  await compareRepositories(reading, images)
  return images
}

async function readItem(reading: Reading, item: SaveItem): Promise<Image> {
  const { source, config } = await readConfig(reading, item.Config)
  const layers: Layer[] = []
  for (const [index, path] of item.Layers.entries()) {
    layers.push(await namedLayer(reading, index, path, claimsOf(item, path, config.rootfs?.diff_ids?.[index])))
  }
  return {
    names: namesOf(reading.log, item.RepoTags ?? []),
    platform: platformOf(config),
    config,
    configSource: source,
    manifest: undefined,
    layers,
    attachments: [],
    path: MANIFEST,
  }
}

function claimsOf(item: SaveItem, path: string, diffIDText: string | undefined): LayerClaims {
  const diffID = diffIDText === undefined ? undefined : asDiffID(diffIDText)
  const source = diffID === undefined ? undefined : item.LayerSources?.get(diffID)
  const digest = asDigest(blobDigest(path) ?? source?.digest ?? '')
  const name = hashInName(path)
  return {
    ...(diffID !== undefined && { diffID }),
    ...(digest !== undefined && { digest }),
    ...(source?.size !== undefined && { size: source.size }),
    ...(source?.mediaType !== undefined && { mediaType: source.mediaType }),
    ...(name !== undefined && { name }),
  }
}

// A path below blobs/ is content addressed: it claims the digest of the stored bytes.
function blobDigest(path: string): string | undefined {
  const match = /^blobs\/(sha256|sha512)\/([a-f0-9]+)$/.exec(path)
  return match === null ? undefined : `${match[1] ?? ''}:${match[2] ?? ''}`
}

/** Names as docker prints them; what docker would refuse is a finding and kept as it is. */
function namesOf(log: FindingLog, tags: readonly string[]): readonly string[] {
  return tags.map((tag) => {
    const reference = parseReference(tag)
    if (reference?.tag !== undefined && reference.digest === undefined) return familiarName(reference)
    log.add('TAG_INVALID', `${JSON.stringify(tag)} is no name with a tag`, { path: MANIFEST, actual: tag })
    return tag
  })
}

function tellSharedNames(log: FindingLog, images: readonly Image[]): void {
  const seen = new Map<string, number>()
  for (const [index, image] of images.entries()) {
    for (const name of image.names) {
      const first = seen.get(name)
      if (first === undefined) seen.set(name, index)
      else log.add('TAG_DUPLICATE', `${name} names image ${first} and image ${index}`, { path: MANIFEST })
    }
  }
}
