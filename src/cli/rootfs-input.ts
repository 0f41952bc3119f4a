import { stat } from 'node:fs/promises'
import { fileSource } from '../bytes/source.js'
import type { RunContext } from '../context.js'
import { ArchiveError, toArchiveError } from '../errors.js'
import { isLayout } from '../formats/layout-mark.js'
import type { RootfsInput } from '../ops/import.js'
import { streamAt } from './archives.js'

/** Opens `[rootfs:]PATH` to be read once: a tar, a directory as docker would export it, `-` for stdin. */
export async function openRootfs(operand: string, context: RunContext): Promise<RootfsInput & AsyncDisposable> {
  const isCertain = operand.startsWith('rootfs:')
  const location = isCertain ? operand.slice('rootfs:'.length) : operand
  const stream = await streamAt(location, context)
  if (stream !== undefined) {
    const nothing = (): Promise<void> => Promise.resolve()
    return { location, bytes: stream, isCertain, [Symbol.asyncDispose]: nothing }
  }
  const status = await stat(location).catch((cause: unknown) => {
    throw toArchiveError(cause, { location })
  })
  if (status.isDirectory()) {
    if (!isCertain) await refuseLayout(location)
    return openDirectory(location, context)
  }
  const source = await fileSource(location)
  const close = (): Promise<void> => Promise.resolve(source[Symbol.asyncDispose]())
  return { location, bytes: source, isCertain, [Symbol.asyncDispose]: close }
}

/** Refuses a directory that holds images, where files of an image are wanted. Errors: ERR_NOT_ARCHIVE. */
export async function refuseLayout(path: string): Promise<void> {
  if (!(await isLayout(path))) return
  throw new ArchiveError('ERR_NOT_ARCHIVE', 'this is an OCI image layout, and no root filesystem', {
    location: path,
    hint: `imgtar export gives the files of an image; rootfs:${path} takes it as it lies there`,
  })
}

async function openDirectory(location: string, context: RunContext): Promise<RootfsInput & AsyncDisposable> {
  const { openArchive } = await import('../formats/index.js')
  const archive = await openArchive(location, context, { transport: 'rootfs' })
  const chunks = archive.images[0]?.layers[0]?.tar(context) ?? []
  async function* all(): AsyncGenerator<Uint8Array> {
    yield* chunks
  }
  const close = (): Promise<void> => Promise.resolve(archive[Symbol.asyncDispose]())
  return { location, bytes: all(), isCertain: true, [Symbol.asyncDispose]: close }
}
