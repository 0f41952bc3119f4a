import type { RunContext } from '../context.js'
import { ArchiveError } from '../errors.js'
import type { DataRoot, StoreContainer } from '../model/data-root.js'
import type { Image, Layer } from '../model/image.js'
import type { RecoverReport } from '../model/report-store.js'
import { idOf } from './census.js'
import { describeFault } from './damaged-file.js'
import { isProvable } from './layer-health.js'
import { lossyImage, lossyLayers } from './lossy.js'
import { measureLayers, type Measurements } from './measure.js'

/** A file that was written. */
export interface RecoveredFile {
  readonly path: string
  readonly size: number
}

/** Where recovered things go; each call writes all or nothing. */
export interface RecoverTarget {
  /** Where all images are to go together: writes them into one archive, layers that they share once. */
  readonly together?: {
    write(images: readonly Image[]): Promise<RecoveredFile>
    /** Finds out whether an image could be written, and keeps nothing. Errors: those of `write`. */
    probe(image: Image): Promise<void>
  }
  /** Writes an image under the name that fits it. Errors: ERR_DIGEST where a layer is not what it should be. */
  image(image: Image, id: string): Promise<RecoveredFile>
  /** Writes the root filesystem of a container as `docker export` does. */
  container(image: Image, container: StoreContainer): Promise<RecoveredFile>
}

/** How to recover. */
export interface RecoverOptions {
  /** Make do with what is there where a layer cannot be rebuilt bit by bit. */
  readonly lossy: boolean
}

type Recovered = RecoverReport['recovered'][number]

/**
 * Every image and every container of a data-root, one after the other: a damaged one does not stop the others. What is
 * whole is read once; only of what is not, every file is held against its checksum. Errors: ERR_OUTPUT, ERR_ABORTED.
 */
export async function* recover(
  root: DataRoot,
  target: RecoverTarget,
  options: RecoverOptions,
  context: RunContext,
): AsyncGenerator<Recovered> {
  if (target.together !== undefined) yield* recoverTogether(root, target.together, { target, options, context })
  else for (const image of root.images) yield await recoverImage(root, image, { target, options, context })
  for (const container of root.containers) yield await recoverContainer(root, container, { target, options, context })
}

interface Recovery {
  readonly target: RecoverTarget
  readonly options: RecoverOptions
  readonly context: RunContext
}

/** All images in one archive. Only where that fails, each is looked at by itself, to leave out those that are to blame. */
async function* recoverTogether(
  root: DataRoot,
  together: NonNullable<RecoverTarget['together']>,
  recovery: Recovery,
): AsyncGenerator<Recovered> {
  const images = withOwnNames(root.images)
  if (images.length === 0) return
  const all = await together.write(images).catch((thrown: unknown) => void damageOnly(thrown, recovery.context))
  const kept: Image[] = []
  const image = async (one: Image): Promise<RecoveredFile> => {
    if (all !== undefined) return all
    await together.probe(one)
    kept.push(one)
    return NOWHERE
  }
  const rows: Recovered[] = []
  for (const one of images) {
    rows.push(await recoverImage(root, one, { ...recovery, target: { ...recovery.target, image } }))
  }
  const written = all ?? (kept.length === 0 ? NOWHERE : await together.write(kept))
  yield* rows.map((row) => (row.path === null ? row : { ...row, ...written }))
}

const NOWHERE: RecoveredFile = { path: '', size: 0 }

/** Of images that claim one name, as those of several drivers may, only the first keeps it: an archive can name one so. */
function withOwnNames(images: readonly Image[]): readonly Image[] {
  const taken = new Map<string, string>()
  return images.map((image) => {
    const id = idOf(image)
    const names = image.names.filter((name) => (taken.get(name) ?? id) === id)
    for (const name of names) taken.set(name, id)
    return names.length === image.names.length ? image : { ...image, names }
  })
}

async function recoverImage(root: DataRoot, image: Image, { target, options, context }: Recovery): Promise<Recovered> {
  const row = {
    kind: 'image' as const,
    names: [...image.names],
    id: idOf(image),
    repoDigests: [...(image.repoDigests ?? [])],
    sources: [...root.sourcesOf(image)],
    damaged: [],
  }
  try {
    const written = await target.image(image, row.id)
    if (!image.layers.some(({ isRebuilt }) => isRebuilt === true)) return { ...row, state: 'exact', ...written }
    return { ...row, state: 'lossy', reason: 'layers are made anew of their files', ...written }
  } catch (thrown) {
    const error = damageOnly(thrown, context)
    const measurements = await measureLayers(image.layers, [], context)
    const told = { ...row, damaged: damageOf(image.layers, measurements), reason: error.message }
    const lossy = options.lossy ? await lossyImage(root, image, measurements, context) : undefined
    if (lossy === undefined) return { ...told, state: 'lost', path: null, size: 0 }
    return { ...told, state: 'lossy', newImageID: idOf(lossy), ...(await target.image(lossy, row.id)) }
  }
}

async function recoverContainer(
  root: DataRoot,
  container: StoreContainer,
  { target, options, context }: Recovery,
): Promise<Recovered> {
  const { id, name } = container
  const row = { kind: 'container' as const, names: [name], id, repoDigests: [], sources: [], damaged: [] }
  let image: Image | undefined
  try {
    image = await container.image()
    return { ...row, state: 'exact', ...(await target.container(image, container)) }
  } catch (thrown) {
    const error = damageOnly(thrown, context)
    const told = { ...row, reason: error.message }
    if (image === undefined) return { ...told, state: 'lost', path: null, size: 0 }
    const measurements = await measureLayers(image.layers.filter(isProvable), [], context)
    const damaged = damageOf(image.layers, measurements)
    if (!options.lossy) return { ...told, damaged, state: 'lost', path: null, size: 0 }
    const layers = await lossyLayers(root, image.layers, measurements)
    return { ...told, damaged, state: 'lossy', ...(await target.container({ ...image, layers }, container)) }
  }
}

/** The error if the data-root is to blame; a full disk or an interruption stops everything. */
function damageOnly(error: unknown, { signal }: RunContext): ArchiveError {
  const isOurs = error instanceof ArchiveError && error.code !== 'ERR_OUTPUT' && error.code !== 'ERR_ABORTED'
  if (isOurs && signal?.aborted !== true) return error
  throw error
}

function damageOf(layers: readonly Layer[], measurements: Measurements): Recovered['damaged'] {
  return layers.flatMap((layer) =>
    (measurements.of(layer)?.notices ?? []).flatMap(({ fault }) =>
      fault === undefined ? [] : [{ ...describeFault(fault), layer: layer.index }],
    ),
  )
}
