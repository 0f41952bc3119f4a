import { stat } from 'node:fs/promises'
import type { RunContext } from '../../context.js'
import { toArchiveError } from '../../errors.js'
import { findingLog } from '../../model/finding-log.js'
import type { Finding } from '../../findings.js'
import type { DataRoot, StoreContainer } from '../../model/data-root.js'
import type { ImageArchive } from '../../model/image.js'
import { isGiven, type GivenBytes } from '../stored.js'
import { readAllContainers } from './all-containers.js'
import { withContainerIds } from './container-ids.js'
import { findContainer } from './container-store.js'
import { directoryStore } from './directory-store.js'
import { tellAllRunning } from './layout.js'
import { findPlaces, tellLinks, type Places } from './places.js'
import type { RootReading } from './reading.js'
import type { Store } from './store.js'
import { tarStore } from './tar-store.js'
import { readStoredImages, readWholeRoot } from './whole-root.js'

/** How to open a data-root. */
export interface DataRootOptions extends GivenBytes {
  readonly container?: string
}

/**
 * Opens the data-root of a docker daemon that does not run: a directory, or a tar of it. Its images, or the root
 * filesystem of one container. Errors: ERR_NOT_FOUND, ERR_NOT_ARCHIVE, ERR_UNSUPPORTED, ERR_IO.
 */
export async function openDataRoot(
  path: string,
  context: RunContext,
  { container, ...given }: DataRootOptions,
): Promise<ImageArchive> {
  return opening(path, context, given, async (reading, places) => {
    if (container === undefined) return archiveOf(reading, await readStoredImages(reading, places))
    const chosen = findContainer(readAllContainers(reading, places), container, path)
    return archiveOf(reading, { images: [await chosen.image()], loose: [] })
  })
}

/** A container of a data-root that is open until disposal. */
export interface OpenContainer extends AsyncDisposable {
  readonly container: StoreContainer
  /** Oddities met so far. */
  readonly findings: readonly Finding[]
}

/** Opens one container of a data-root, by name or (short) ID. Errors: those of openDataRoot, ERR_REFERENCE. */
export async function openContainer(
  path: string,
  context: RunContext,
  wanted: string,
  given: GivenBytes = {},
): Promise<OpenContainer> {
  return opening(path, context, given, (reading, places) => {
    const container = findContainer(readAllContainers(reading, places), wanted, path)
    const { findings } = reading.log
    return Promise.resolve({ container, findings, [Symbol.asyncDispose]: () => closeAll(reading) })
  })
}

/** Opens a data-root for those who want all that is in it, not only its images. Errors: those of openDataRoot. */
export async function openWholeRoot(path: string, context: RunContext, given: GivenBytes = {}): Promise<DataRoot> {
  return opening(path, context, given, async (reading, places) => {
    const stored = await readStoredImages(reading, places)
    return { ...archiveOf(reading, stored), ...(await readWholeRoot(reading, places, stored)) }
  })
}

async function opening<T>(
  path: string,
  context: RunContext,
  given: GivenBytes,
  read: (reading: RootReading, places: Places) => Promise<T>,
): Promise<T> {
  const store = await openStore(path, context, given)
  const closing: RootReading['closing'] = []
  try {
    const log = findingLog(store.location)
    const places = findPlaces(store, log)
    tellAllRunning(store, places, log)
    tellLinks(store, places, log)
    const owned = withContainerIds(store, places.homes, context.userNamespace, log)
    return await read(
      {
        store: owned,
        log,
        context,
        layers: new Map(),
        graphs: new Map(),
        contents: new Map(),
        snapshots: new Map(),
        closing,
      },
      places,
    )
  } catch (error) {
    await closeAll({ store, closing })
    throw error
  }
}

function archiveOf(
  reading: RootReading,
  { images, loose, companions = [] }: Pick<ImageArchive, 'images' | 'loose' | 'companions'>,
): ImageArchive {
  const { store, log } = reading
  return {
    location: store.location,
    format: 'data-root',
    images,
    findings: log.findings,
    loose,
    companions,
    [Symbol.asyncDispose]: () => closeAll(reading),
  }
}

async function closeAll({ store, closing }: Pick<RootReading, 'store' | 'closing'>): Promise<void> {
  for (const close of closing.splice(0)) await close()
  await store[Symbol.asyncDispose]()
}

/** The files of a data-root: of a directory, of a tar of one, or of one that comes down a pipe. */
async function openStore(path: string, context: RunContext, given: GivenBytes): Promise<Store> {
  if (isGiven(path, given)) return tarStore(path, context, given)
  const status = await stat(path).catch((cause: unknown) => {
    throw toArchiveError(cause, { location: path })
  })
  return status.isDirectory() ? directoryStore(path, context) : tarStore(path, context, given)
}
