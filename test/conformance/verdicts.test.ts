import { describe, expect, test } from 'vitest'
import type { FindingCode } from '../../src/findings.js'
import { corpusArchives, hasCorpus, imagesOf, verdictsOfEngines, type CorpusArchive, type Facts } from './corpus.js'
import { openedBy, troubles, type Opened } from '../support/opened.js'

// Archives of the hostile folder, or such that every engine refuses, in which we find nothing wrong.
// prettier-ignore
const HELD_TO_BE_SOUND: Readonly<Record<string, string>> = {
  'hostile/h-config-symlink.tar': 'a link to another member is harmless, and every engine follows it',
  'hostile/h-history-huge.tar': 'many steps of history are legal, and every engine takes them',
  'hostile/h-layer-gz-inside.tar': 'layers may be compressed whatever their name: valid for docker load',
  'hostile/h-layer-xzbz-inside.tar': 'docker takes xz layers',
  'hostile/h-layer-zstd-inside.tar': 'docker takes zstd layers since 23',
  'hostile/h-layer-zstd-skippable.tar': 'docker takes skippable frames since 23',
  'hostile/h-manifest-layer-dotpath.tar': 'docker cleans the paths of layers, and finds them',
  'hostile/h-manifest-proto.tar': 'keys that nobody asks for are ignored, whatever their name',
  'hostile/h-outer-gz-multimember.tar.gz': 'RFC 1952 allows several members',
  'hostile/hy-layout-only.tar': 'a whole OCI archive',
  'hostile/o-foreign-layer.tar': 'a foreign layer stays out of archives by design: a note',
  'hostile/o-good.tar': 'a whole OCI archive, to compare the others with',
  'hostile/o-mediatype-unknown.tar': 'bytes and digests are right, and most engines take it: a note',
  'hostile/o-nested-index.tar': 'the image-spec lets indexes nest',
  'hostile/o-no-ref.tar': 'an image needs no name',
  'hostile/o-sha512.tar': 'the image-spec allows sha512',
  'hostile/o-two-same-ref.tar': 'both entries of the index are the same manifest',
  'hostile/t-512zeros.tar': 'an empty tar',
  'hostile/t-gnu-long-nonul.tar': 'every reader takes the name to the end of the block',
  'hostile/t-nonutf8.tar': 'names are bytes',
  'hostile/t-one-eof.tar': 'every reader takes one zero block at the end of the file as the end',
  'hostile/t-pax-empty-value.tar': 'POSIX: an empty value takes the record away',
  'hostile/t-pax-nonutf8.tar': 'names are bytes',
  'hostile/t-prefix.tar': 'an absolute name is read below the root, as docker does',
  'hostile/t-spaces.tar': 'all readers take numbers between spaces',
  'hostile/t-zeros.tar': 'an empty tar',
  'hostile/v1-fork.tar': 'two v1 images may share a parent',
  'hostile/v1-good.tar': 'a whole v1 archive',
  'hostile/v1-no-tags.tar': 'images need no names',
  'hostile/x-layer-absolute.tar.gz': 'an absolute name is read below the root, as docker does',
  'hostile/x-layer-aufs-meta.tar.gz': 'leftovers of AUFS are a note; docker skips them',
  'hostile/x-layer-bomb-gz.tar.gz': '48 MiB of zeros are within the limits',
  'hostile/x-layer-case-unicode-collide.tar.gz': 'names are bytes',
  'hostile/x-layer-control-names.tar.gz': 'names are bytes, escaped where they are shown',
  'hostile/x-layer-empty-tar.tar.gz': 'the empty layer of docker itself',
  'hostile/x-layer-hardlink-to-symlink.tar.gz': 'a second name of a symlink is no way out by itself',
  'hostile/x-layer-many.tar.gz': '30,000 files are within the limits',
  'hostile/x-layer-numbers.tar.gz': 'PAX holds such numbers, and every engine takes them',
  'hostile/x-layer-opaque-late.tar.gz': 'a marker acts on lower layers wherever it stands in its own',
  'hostile/x-layer-symlink-write-2layers.tar.gz': 'no layer is wrong by itself, and engines resolve the link inside the root',
  'hostile/x-layer-whiteout-of-nothing.tar.gz': 'a whiteout of nothing does nothing',
  'hostile/x-layer-whiteout-through-symlink.tar.gz': 'no layer is wrong by itself, and engines resolve the link inside the root',
  'hostile/x-layer-windows-names.tar.gz': 'names are bytes',
  'hostile/x-layers-repeated.tar.gz': 'a layer may stand in an image several times',
  'images/jib__busybox-jib.tar': 'the facts missed keys in lower case, which Go reads',
  'images/jib__jib-image.tar': 'the facts missed keys in lower case, which Go reads',
  'images/snyk-docker-plugin__unsupported-image.tar': 'a tar of text files is read as a root filesystem',
  'layouts/regclient__external': 'only artifacts, all of them whole: engines look for an image',
}

// Archives in which the facts see nothing wrong, and we do.
// prettier-ignore
const HELD_TO_BE_WRONG: Readonly<Record<string, string>> = {
  'layouts/fanal__test_no_valid_manifests.oci': 'there is no image in it',
  'images/go-containerregistry__hello-world-v25.tar': 'manifest.json names an image and index.json none: podman and containerd refuse it',
  'images/go-containerregistry__test_bundle.tar': 'docker refuses names without tags, and LayerSources tell of other bytes than are there',
}

const archives = corpusArchives(['images/', 'layouts/', 'local/', 'pairs/', 'hostile/'])
const verdicts = hasCorpus ? verdictsOfEngines() : new Map<string, readonly string[]>()

describe.skipIf(!hasCorpus)('verdicts', () => {
  describe.each(['file', 'pipe'] as const)('on a %s', (way) => {
    const cases = archives.filter(({ isDirectory }) => way === 'file' || !isDirectory)
    test.each(cases)('$name is whole exactly where the facts say so', async (archive) => {
      const opened = await openedBy(way, archive.file)
      const isTroubled = opened.error !== undefined || troubles(opened).length > 0
      const isListed = archive.name in HELD_TO_BE_SOUND || archive.name in HELD_TO_BE_WRONG
      expect({ isTroubled, codes: troubles(opened) }).toMatchObject({ isTroubled: isBad(archive) !== isListed })
      expect(misplaced(opened, archive)).toEqual([])
    })
  })

  test('differ from the facts only for archives that are there', () => {
    const names = new Set(archives.map(({ name }) => name))
    const listed = [...Object.keys(HELD_TO_BE_SOUND), ...Object.keys(HELD_TO_BE_WRONG)]
    expect(listed.filter((name) => !names.has(name))).toEqual([])
  })
})

function isBad({ name, facts }: CorpusArchive): boolean {
  return name.startsWith('hostile/') || isDamaged(facts) || isRefusedByAll(name)
}

function isDamaged(facts: Facts): boolean {
  const { outer, oci } = facts
  const { blobs_whose_digest_is_wrong: altered = [], missing_blobs: missing = [], wrong_sizes: sizes = [] } = oci ?? {}
  const wrong = [...altered, ...missing, ...sizes]
  return (
    outer?.decompress_error !== undefined ||
    (outer?.gnu_tar?.rc ?? 0) !== 0 ||
    facts['manifest.json']?.error !== undefined ||
    wrong.length > 0 ||
    imagesOf(facts).some(isBroken)
  )
}

function isBroken(image: ReturnType<typeof imagesOf>[number]): boolean {
  const { config, config_path: path, config_sha256: hex, layers = [] } = image
  const named = /[a-f0-9]{64}/.exec(path ?? '')?.[0]
  return (
    image.error !== undefined ||
    image.config_missing === true ||
    config?.error !== undefined ||
    image.layers_match_config_diff_ids === false ||
    (named !== undefined && named !== hex) ||
    layers.some(({ missing, decompress_error: error }) => missing === true || error !== undefined)
  )
}

// Engines that were asked and take none of the images; an OCI layout is asked for one image where it may have several.
function isRefusedByAll(name: string): boolean {
  const asked = (verdicts.get(name) ?? []).filter((verdict) => verdict !== '-')
  return asked.length > 0 && asked.every((verdict) => !verdict.includes('y'))
}

// What is told of the archive as a whole, or of something that is not there, has no byte to point at.
const PLACELESS: ReadonlySet<FindingCode> = new Set([
  'BLOB_MISSING',
  'CONFIG_MISSING',
  'IMAGE_NONE',
  'LAYER_DEPTH',
  'LAYER_FOREIGN',
  'LAYER_MISSING',
  'LAYOUT_VERSION',
  'MEMBER_UNSAFE_PATH',
  'PLATFORM_MISSING',
  'REPOSITORIES_MISMATCH',
])

/** Findings and errors that do not say where: the path always, the byte where bytes are at fault. */
function misplaced({ findings, error }: Opened, { isDirectory }: CorpusArchive): readonly string[] {
  if (error !== undefined) return error.location === undefined ? [error.code] : []
  return findings
    .filter(({ code, where }) => where.offset === undefined && !isDirectory && !PLACELESS.has(code))
    .map(({ code, where }) => `${code} ${where.path ?? ''}`)
}
