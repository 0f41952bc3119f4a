import { stat } from 'node:fs/promises'
import type { RunContext } from '../../context.js'
import { toArchiveError } from '../../errors.js'
import { findingLog } from '../../model/finding-log.js'
import type { DataRoot } from '../../model/data-root.js'
import type { Image, ImageArchive } from '../../model/image.js'
import { containerImage } from './container-image.js'
import { rebuiltLayer } from './container-layers.js'
import { findContainer, readContainers } from './container-store.js'
import { readLayersOf, sourcesOf, storeContainer, tellOrphans, usedFolders } from './contents.js'
import { directoryStore } from './directory-store.js'
import { readImages, type RootReading } from './image-store.js'
import { driverRoots, tellRunning, type DriverRoot } from './layout.js'
import type { Store } from './store.js'
import { tarStore } from './tar-store.js'

/** How to open a data-root. */
export interface DataRootOptions {
  readonly stdin?: AsyncIterable<Uint8Array>
  readonly container?: string
}

/**
 * Opens the data-root of a docker daemon that does not run: a directory, or a tar of it. Its images, or the root
 * filesystem of one container. Errors: ERR_NOT_FOUND, ERR_NOT_ARCHIVE, ERR_UNSUPPORTED, ERR_IO.
 */
export async function openDataRoot(
  path: string,
  context: RunContext,
  { stdin, container }: DataRootOptions,
): Promise<ImageArchive> {
  const store = await openStore(path, context, stdin)
  try {
    const { reading, roots } = startReading(store, context)
    const chosen = container === undefined ? undefined : findContainer(readContainers(reading, roots), container, path)
    const images =
      chosen === undefined
        ? roots.flatMap((root) => readImages(reading, root))
        : [await containerImage(reading, chosen)]
    return archiveOf(reading, images)
  } catch (error) {
    await store[Symbol.asyncDispose]()
    throw error
  }
}

/** Opens a data-root for those who want all that is in it, not only its images. Errors: those of openDataRoot. */
export async function openWholeRoot(
  path: string,
  context: RunContext,
  { stdin }: Pick<DataRootOptions, 'stdin'> = {},
): Promise<DataRoot> {
  const store = await openStore(path, context, stdin)
  try {
    const { reading, roots } = startReading(store, context)
    const rootOf = new Map<Image, DriverRoot>()
    const images = roots.flatMap((root) => readImages(reading, root).map((image) => (rootOf.set(image, root), image)))
    const containers = readContainers(reading, roots)
    const layers = roots.flatMap((root) => {
      const found = readLayersOf(reading, root)
      tellOrphans(reading, root, usedFolders(reading, found, containers))
      return found
    })
    return {
      ...archiveOf(reading, images),
      drivers: roots.map(({ root, driver }) => ({ path: root, driver: driver.name })),
      layers,
      containers: containers.map((container) => storeContainer(reading, container)),
      rebuilt: (layer) => rebuiltLayer(reading, roots, layer),
      driverOf: (image) => rootOf.get(image)?.driver.name ?? '',
      sourcesOf(image) {
        const root = rootOf.get(image)
        return root === undefined ? [] : sourcesOf(reading, root, image)
      },
    }
  } catch (error) {
    await store[Symbol.asyncDispose]()
    throw error
  }
}

function startReading(
  store: Store,
  context: RunContext,
): { readonly reading: RootReading; readonly roots: readonly DriverRoot[] } {
  const log = findingLog(store.location)
  const roots = driverRoots(store, log)
  for (const root of roots) tellRunning(store, root, log)
  return { reading: { store, log, context, layers: new Map() }, roots }
}

function archiveOf({ store, log }: RootReading, images: readonly Image[]): ImageArchive {
  return {
    location: store.location,
    format: 'data-root',
    images,
    findings: log.findings,
    loose: [],
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}

/** The files of a data-root: of a directory, of a tar of one, or of one that comes down a pipe. */
export async function openStore(
  path: string,
  context: RunContext,
  stdin: AsyncIterable<Uint8Array> | undefined,
): Promise<Store> {
  if (path === '-') return tarStore(path, context, stdin)
  const status = await stat(path).catch((cause: unknown) => {
    throw toArchiveError(cause, { location: path })
  })
  return status.isDirectory() ? directoryStore(path, context) : tarStore(path, context, undefined)
}
