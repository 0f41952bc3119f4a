import { findingLog, type FindingLog } from '../model/finding-log.js'
import type { Image, Layer, LooseBlob } from '../model/image.js'
import { groupedByName, isDigested, isTagged } from '../model/names.js'
import { dockerSave, readSaveImages } from './docker-save.js'
import { readingOf, type Reading } from './documents.js'
import { getFile } from './files.js'
import { archiveOf, type Format } from './format.js'
import { ociLayout, readLayout } from './oci-layout.js'
import { markV1Documents } from './v1-documents.js'

/**
 * An archive that is a docker archive and an OCI layout at once, as docker has written since 25: both sides are read and
 * held against each other, since classic docker loads one and the containerd store and podman the other.
 */
export const hybrid: Format = {
  name: 'hybrid',
  what: 'an image archive of docker and an OCI layout in one',
  async recognises(files) {
    return (
      (await getFile(files, 'index.json')) !== undefined &&
      (await dockerSave.recognises(files)) &&
      (await ociLayout.recognises(files))
    )
  },
  async read(files, context) {
    const log = findingLog(files.location)
    const reading = readingOf(files, log, context)
    const saved = await readSaveImages(reading)
    const layout = await readLayout(quiet(reading))
    compareSides(log, saved, layout.images)
    const images = merge(saved, layout.images)
    const used = new Set(images.flatMap((image) => [pathOfConfig(image), ...image.layers.map((layer) => layer.path)]))
    const others = [...layout.loose, ...layout.images.flatMap(layersAsLoose)]
    const loose = await markV1Documents(
      others.filter(({ path }) => !used.has(path)),
      context,
    )
    return { ...layout, ...archiveOf('hybrid', files, images, log), loose }
  },
}

/** Layers as blobs to be proved where no image of ours has them: manifest.json may say other layers for the same config. */
function layersAsLoose({ layers }: Image): readonly LooseBlob[] {
  return layers.flatMap(({ path, blob, claims, offset, measurement }) => {
    if (blob === undefined || claims.digest === undefined) return []
    return [
      {
        path,
        blob,
        digest: claims.digest,
        referred: true,
        ...(claims.size !== undefined && { size: claims.size }),
        ...(offset !== undefined && { offset }),
        ...(measurement && { measurement }),
      },
    ]
  })
}

function pathOfConfig({ configSource }: Image): string {
  return configSource.kind === 'derived' ? '' : configSource.path
}

/** A reading whose log drops what the other side has told of the same blobs already. */
function quiet(reading: Reading): Reading {
  const { log } = reading
  const told = new Set(log.findings.map(({ code, where }) => `${code} ${where.path ?? ''}`))
  const isNew = (code: string, path = '') => !told.has(`${code} ${path}`)
  const filtered: FindingLog = {
    ...log,
    add(code, message, detail = {}) {
      if (isNew(code, detail.path)) log.add(code, message, detail)
    },
    addError(code, error, detail = {}) {
      if (isNew(code, detail.path)) log.addError(code, error, detail)
    },
  }
  return { ...reading, log: filtered }
}

/** Tells where manifest.json and index.json would give a loader different images. */
function compareSides(log: FindingLog, saved: readonly Image[], laidOut: readonly Image[]): void {
  const byName = groupedByName(laidOut, (image) => image.names)
  const byID = imagesByID(laidOut)
  for (const image of saved) {
    for (const name of image.names) compareName(log, name, image, byName.get(name) ?? [])
    compareLayers(log, image, byID.get(idOf(image)))
  }
  const names = new Set(saved.flatMap((image) => image.names))
  const ids = new Set(saved.map(idOf))
  for (const image of laidOut) {
    for (const name of image.names) {
      if (!names.has(name)) compareUnsaved(log, name, ids.has(idOf(image)))
    }
    if (image.names.length === 0 && !ids.has(idOf(image)) && laidOut.length <= saved.length) {
      tell(log, `index.json leads to ${idOf(image) ?? 'an image'}, which manifest.json does not have`)
    }
  }
}

/** A name that only index.json has: RepoTags hold no digests, and nothing without a tag. */
function compareUnsaved(log: FindingLog, name: string, isSaved: boolean): void {
  if (!isSaved || isTagged(name)) {
    tell(log, `index.json names ${name}, manifest.json does not`)
    return
  }
  // No tag comes of it, and it names the same image whoever reads it.
  if (isDigested(name)) return
  const message = `index.json names ${name}, which no engine reads from manifest.json`
  log.add('INDEX_NAME_UNTAGGED', message, { path: 'index.json', actual: name })
}

/** The first image of each ID. */
function imagesByID(images: readonly Image[]): ReadonlyMap<string | undefined, Image> {
  return new Map(
    images.flatMap((image) => (idOf(image) === undefined ? [] : [[idOf(image), image] as const])).reverse(),
  )
}

function compareName(log: FindingLog, name: string, image: Image, same: readonly Image[]): void {
  if (same.length === 0) {
    // Docker 25.0.0 to 25.0.2 leave untagged images out of index.json, never named ones.
    tell(log, `manifest.json names ${name}, index.json does not`)
    return
  }
  if (same.some((other) => idOf(other) === idOf(image))) return
  log.add('INDEX_MISMATCH', `${name} is one image to manifest.json and another to index.json`, {
    path: 'index.json',
    ...(idOf(image) !== undefined && { expected: idOf(image) ?? '' }),
    ...(idOf(same[0]) !== undefined && { actual: idOf(same[0]) ?? '' }),
  })
}

// Docker 25.0.0 wrote the layers of the OCI manifest in random order, and repeated ones once.
function compareLayers(log: FindingLog, image: Image, other: Image | undefined): void {
  if (other === undefined) return
  const same =
    other.layers.length === image.layers.length && other.layers.every(({ path }, at) => path === image.layers[at]?.path)
  if (!same) tell(log, `the layers of ${idOf(image) ?? ''} differ between manifest.json and ${other.path}`)
}

function tell(log: FindingLog, message: string): void {
  log.add('INDEX_MISMATCH', message, { path: 'index.json' })
}

function idOf(image: Image | undefined): string | undefined {
  return image?.configSource.kind === 'stored' ? image.configSource.document.digest : undefined
}

/** Images of manifest.json with what the OCI side claims for them, then those that only the OCI side has. */
function merge(saved: readonly Image[], laidOut: readonly Image[]): readonly Image[] {
  const byID = imagesByID(laidOut)
  const merged = saved.map((image) => {
    const other = byID.get(idOf(image))
    if (other === undefined) return image
    const { manifest, attachments, targetDigest, entryAnnotations } = other
    const byPath = new Map(other.layers.map((layer) => [layer.path, layer] as const).reverse())
    const layers = image.layers.map((layer) => withClaims(layer, byPath.get(layer.path)))
    return {
      ...image,
      names: [...image.names, ...other.names.filter(isDigested)],
      manifest,
      attachments,
      layers,
      ...(targetDigest !== undefined && { targetDigest }),
      ...(entryAnnotations && { entryAnnotations }),
    }
  })
  const ids = new Set(saved.map(idOf))
  return [...merged, ...laidOut.filter((image) => idOf(image) === undefined || !ids.has(idOf(image)))]
}

function withClaims(layer: Layer, other: Layer | undefined): Layer {
  return other === undefined ? layer : { ...layer, claims: { ...layer.claims, ...other.claims, ...layer.claims } }
}
