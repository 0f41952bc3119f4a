import { afterAll, describe, expect, test } from 'vitest'
import type { Finding, FindingCode } from '../../src/findings.js'
import type { Image } from '../../src/model/image.js'
import type { ImageReport, LayerReport } from '../../src/model/report.js'
import { corpusArchives, hasCorpus, type CorpusArchive, type Facts, type ImageFacts } from './corpus.js'
import { openedBy, type Opened, type Way } from '../support/opened.js'

// Archives in which we see other images than the facts list, each with the reason why ours is held to be right.
// prettier-ignore
const OTHER_IMAGES: Readonly<Record<string, string>> = {
  'hostile/h-manifest-bom.tar': 'every engine refuses the byte order mark, which the facts were read without',
  'hostile/h-manifest-null-entry.tar': 'every engine refuses an image that is null',
  'hostile/h-manifest-types.tar': 'every engine refuses a manifest.json of wrong types',
  'hostile/h-outer-double-gz.tar.gz': 'docker takes one compression off, not two',
  'hostile/o-blob-symlink.tar': 'the facts followed a link out of the archive, where no blob is looked for',
  'images/jib__busybox-jib.tar': 'Go reads the keys of manifest.json whatever their case, and docker loads the image',
  'images/jib__jib-image.tar': 'Go reads the keys of manifest.json whatever their case, and docker loads the image',
  'images/snyk-docker-plugin__oci-with-manifest.tar': 'manifest.json has one layer and index.json four, which is told; shown is what docker loads',
}

const archives = corpusArchives(['images/', 'layouts/', 'local/', 'pairs/', 'hostile/'])
const compared = { archives: 0, images: 0, layers: 0 }

describe.skipIf(!hasCorpus)('images that others wrote', () => {
  describe.each(['file', 'pipe'] as const)('as a %s', (way) => {
    const cases = archives.filter(({ isDirectory }) => way === 'file' || !isDirectory)
    test.each(cases)('$name has the images that the facts list', async (archive) => {
      const opened = await openedBy(way, archive.file)
      if (archive.name in OTHER_IMAGES) expect(differences(archive, opened, way)).not.toEqual([])
      else expect(differences(archive, opened, way)).toEqual([])
      compared.archives += 1
    })
  })

  test('are many', () => {
    expect(compared.archives).toBeGreaterThan(540)
    expect(compared.images).toBeGreaterThan(420)
    expect(compared.layers).toBeGreaterThan(1400)
  })

  afterAll(() => {
    const { archives: files, images, layers } = compared
    console.log(`images: ${files} openings, ${images} images and ${layers} layers compared with the facts`)
  })
})

/** What differs from the facts, a line each. */
function differences({ facts }: CorpusArchive, opened: Opened, way: Way): readonly string[] {
  return [
    ...savedDifferences(facts, opened),
    ...layoutDifferences(facts, opened),
    ...blobDifferences(facts, opened, way),
  ]
}

/** The images of manifest.json come first and in its order. */
function savedDifferences({ images, oci }: Facts, opened: Opened): readonly string[] {
  if (images === undefined) return []
  const isSame = oci === undefined ? opened.images.length === images.length : opened.images.length >= images.length
  const few = isSame ? [] : [`${images.length} images, we ${opened.images.length}`]
  const each = images.flatMap((image, at) => {
    const [own, report] = [opened.images[at], opened.reports[at]]
    if (own === undefined || report === undefined) return []
    const tags = Array.isArray(image.repo_tags) ? image.repo_tags.map(familiar) : []
    return [...imageDifferences(image, own, report), ...difference('tags', tags, own.names.slice(0, tags.length))]
  })
  return [...few, ...each]
}

/** Images of index.json are known by their manifests; attestations and artifacts are none. */
function layoutDifferences({ oci }: Facts, opened: Opened): readonly string[] {
  return (oci?.manifests ?? []).flatMap(({ digest, image, again, platform, artifactType }) => {
    if (image === undefined || again === true) return []
    const at = opened.images.findIndex(
      ({ manifest, path }) => manifest?.digest === digest || hexIn(path)[0] === hexIn(digest)[0],
    )
    const [own, report] = [opened.images[at], opened.reports[at]]
    const isNone = platform?.os === 'unknown' || artifactType !== undefined
    if (own === undefined || report === undefined) return isNone ? [] : [`${digest} is no image of ours`]
    return imageDifferences(image, own, report)
  })
}

function imageDifferences(facts: ImageFacts, own: Image, report: ImageReport): readonly string[] {
  compared.images += 1
  const { config, config_sha256: id, layers = [] } = facts
  const isRead = own.configSource.kind === 'stored'
  const hasConfig = id !== undefined && config !== undefined && config.error === undefined
  return [
    ...difference('config is read', hasConfig && facts.config_missing !== true, isRead),
    ...(isRead ? difference('imageID', `sha256:${id ?? ''}`, report.imageID) : []),
    ...(isRead ? difference('diff_ids', config?.rootfs_diff_ids ?? [], own.config.rootfs?.diff_ids ?? []) : []),
    ...(isRead ? difference('created', config?.created ?? undefined, report.created) : []),
    ...difference('layers', layers.length, report.layers.length),
    ...layers.flatMap((layer, at) => layerDifferences(layer, report.layers[at])),
    ...chainDifferences(facts, report),
  ]
}

function layerDifferences(
  facts: NonNullable<ImageFacts['layers']>[number],
  own: LayerReport | undefined,
): readonly string[] {
  if (own === undefined) return []
  compared.layers += 1
  if (facts.missing === true) return difference('missing', true, own.missing)
  // Of a stream that breaks off there is no diffID; gzip calls it an error as well when bytes follow the stream.
  const isBroken = facts.decompress_error !== undefined && !facts.decompress_error.includes('trailing garbage')
  return [
    ...difference('digest', `sha256:${facts.blob_sha256 ?? ''}`, own.digest),
    ...difference('size', facts.blob_size, own.size),
    ...difference('compression', facts.compression, own.compression),
    ...(isBroken ? [] : difference('diffID', `sha256:${facts.diff_sha256 ?? ''}`, own.diffID)),
    ...(isBroken ? [] : difference('diffSize', facts.diff_size, own.diffSize)),
  ]
}

function chainDifferences(
  { layers = [], chain_ids_of_actual_layers: chain }: ImageFacts,
  report: ImageReport,
): readonly string[] {
  const isWhole = layers.every(({ missing, decompress_error: error }) => missing !== true && error === undefined)
  if (!isWhole || chain === undefined) return []
  return difference(
    'chainIDs',
    chain,
    report.layers.map(({ chainID }) => chainID),
  )
}

const WRONG_DIGEST: ReadonlySet<FindingCode> = new Set(['BLOB_DIGEST_MISMATCH', 'CONFIG_DIGEST_MISMATCH'])
const MISSING: ReadonlySet<FindingCode> = new Set([
  'BLOB_MISSING',
  'CONFIG_MISSING',
  'LAYER_MISSING',
  'LAYER_FOREIGN',
  'PLATFORM_MISSING',
])

/** Wrong digests, wrong sizes and missing blobs of a layout: all are told, and no others. */
function blobDifferences({ oci }: Facts, { findings, error }: Opened, way: Way): readonly string[] {
  if (oci === undefined || error !== undefined) return []
  const told = (codes: ReadonlySet<FindingCode>) =>
    sorted(findings.filter(({ code }) => codes.has(code)).flatMap(blobOf))
  const hexes = (digests: readonly string[]) => sorted(digests.flatMap(hexIn))
  return [
    ...difference(
      `wrong digests (${way})`,
      hexes(oci.blobs_whose_digest_is_wrong.map(({ blob }) => blob)),
      told(WRONG_DIGEST),
    ),
    ...difference(`missing blobs (${way})`, hexes(oci.missing_blobs.map(({ digest }) => digest)), told(MISSING)),
    ...difference(
      `wrong sizes (${way})`,
      hexes(oci.wrong_sizes.map(({ digest }) => digest)),
      told(new Set(['SIZE_MISMATCH'])),
    ),
  ]
}

// A missing layer is told of the manifest where its digest is no path; the digest stands beside.
function blobOf({ code, where, expected }: Finding): readonly string[] {
  return hexIn(MISSING.has(code) && expected !== undefined ? expected : where.path)
}

function hexIn(text = ''): readonly string[] {
  const hex = /(?:^|[:/])([a-f0-9]{64})$/.exec(text)?.[1]
  return hex === undefined ? [] : [hex]
}

const sorted = (texts: readonly string[]): readonly string[] => [...new Set(texts)].sort()

/** A name as docker prints it. */
function familiar(name: string): string {
  return name.replace(/^docker\.io\//, '').replace(/^library\/(?=[^/]+$)/, '')
}

function difference(what: string, expected: unknown, actual: unknown): readonly string[] {
  const [theirs, ours] = [JSON.stringify(expected), JSON.stringify(actual)]
  return theirs === ours ? [] : [`${what}: ${theirs}, we ${ours}`]
}
