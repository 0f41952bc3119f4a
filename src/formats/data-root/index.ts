import { stat } from 'node:fs/promises'
import type { RunContext } from '../../context.js'
import { toArchiveError } from '../../errors.js'
import { findingLog } from '../../model/finding-log.js'
import type { ImageArchive } from '../../model/image.js'
import { containerImage } from './container-image.js'
import { directoryStore } from './directory-store.js'
import { readImages, type RootReading } from './image-store.js'
import { driverRoots, tellRunning } from './layout.js'
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
    const log = findingLog(path)
    const reading: RootReading = { store, log, context, layers: new Map() }
    const roots = driverRoots(store, log)
    for (const root of roots) tellRunning(store, root, log)
    const images = roots.flatMap((root) => readImages(reading, root))
    return {
      location: path,
      format: 'data-root',
      images: container === undefined ? images : [await containerImage(reading, roots, { images, container })],
      findings: log.findings,
      loose: [],
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    }
  } catch (error) {
    await store[Symbol.asyncDispose]()
    throw error
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
