import { lstat } from 'node:fs/promises'
import { sniffCompression } from '../bytes/compression.js'
import { runContext, type RunContext } from '../context.js'
import { ArchiveError, HINTS, toArchiveError } from '../errors.js'
import type { Finding } from '../findings.js'
import type { ImageArchive } from '../model/image.js'
import type { Platform } from '../model/platform.js'
import { directoryFiles } from './directory-files.js'
import { directoryRootfs } from './directory-rootfs.js'
import { dockerSave } from './docker-save.js'
import { dockerV1 } from './docker-v1.js'
import { getFile, keyOf, type FileSet } from './files.js'
import type { Format } from './format.js'
import { hybrid } from './hybrid.js'
import { ociLayout } from './oci-layout.js'
import type { Transport } from './operand.js'
import { passingFiles } from './passing-files.js'
import { plainTarIn } from './plain-tar.js'
import { rootfs } from './rootfs.js'
import { chunksOfStored, closeStored, isGiven, openStored, type GivenBytes, type Stored } from './stored.js'
import { tarFiles } from './tar-files.js'
import { watchCompression } from './outer-compression.js'

/** Every format, most particular first; the first that recognises an archive reads it. */
const FORMATS: readonly Format[] = [hybrid, dockerSave, ociLayout, dockerV1, rootfs]

const BY_TRANSPORT: Record<Transport, readonly Format[]> = {
  'docker-archive': [dockerSave, dockerV1],
  oci: [ociLayout],
  'oci-archive': [ociLayout],
  rootfs: [rootfs],
  // Read by a way of its own, since it is a tree of files rather than an archive.
  'docker-root': [],
}

/** How to open an archive. */
export interface OpenOptions extends GivenBytes {
  readonly transport?: Transport
  /** For what has no platform of its own. */
  readonly platform?: Platform
  /**
   * `once` (the default): a pipe or a compressed file is read in one pass, in which every blob is measured; contents are
   * gone afterwards. `random`: such an archive is written to a temporary file, so that layers can be read.
   */
  readonly access?: 'once' | 'random'
  /** Of a data-root: the container, by name or (short) ID, whose root filesystem is meant instead of the images. */
  readonly container?: string
}

/**
 * Opens an archive of any format: a file, a directory, a pipe, or `-` for `options.stdin`. Told apart by content, never by
 * name.
 * Errors: ERR_NOT_FOUND, ERR_NOT_ARCHIVE, ERR_JSON and ERR_DOCUMENT where the document that all hangs on is damaged,
 * ERR_COMPRESSION, ERR_TRUNCATED, ERR_LIMIT.
 */
export async function openArchive(
  path: string,
  context: RunContext = runContext(),
  options: OpenOptions = {},
): Promise<ImageArchive> {
  if (options.transport === 'docker-root')
    return (await import('./data-root/index.js')).openDataRoot(path, context, options)
  const formats = options.transport === undefined ? FORMATS : BY_TRANSPORT[options.transport]
  if (!isGiven(path, options) && (await isDirectory(path))) return openDirectory(path, context, options, formats)
  const files = await openFiles(path, context, options)
  return readWith(formats, files, context, options)
}

async function readWith(
  formats: readonly Format[],
  files: FileSet,
  context: RunContext,
  options: OpenOptions,
): Promise<ImageArchive> {
  try {
    for (const format of formats) {
      if (await format.recognises(files)) return await placed(files, await format.read(files, context, options))
    }
    throw await unrecognised(files, options.transport)
  } catch (error) {
    await files[Symbol.asyncDispose]()
    throw withFindings(error, files)
  }
}

/** What an archive is instead of what the transport says, or that nothing tells what it is. */
async function unrecognised(files: FileSet, transport: Transport | undefined): Promise<ArchiveError> {
  const { location } = files
  for (const format of transport === undefined ? [] : FORMATS) {
    if (!(await format.recognises(files))) continue
    const isRootfs = transport === 'rootfs'
    const message = `this is ${format.what}, and ${isRootfs ? 'no root filesystem' : `not ${transport}`}`
    const hint = isRootfs
      ? 'imgtar export gives the files of an image as a tar'
      : `without '${transport}:' it is read as what it is`
    return new ArchiveError('ERR_NOT_ARCHIVE', message, { location, hint })
  }
  const message = 'no document says what this archive holds: manifest.json, index.json and v1 folders are missing'
  // Where something is wrong with the wrapper, that is the hint.
  const isWhole = files.findings.length === 0
  return new ArchiveError('ERR_NOT_ARCHIVE', message, {
    location,
    ...(isWhole && { hint: HINTS.salvage }),
  })
}

/** What is told of a document lies where its bytes begin, unless a byte is told. */
async function placed(files: FileSet, archive: ImageArchive): Promise<ImageArchive> {
  const findings: Finding[] = []
  for (const finding of archive.findings) {
    const { path, offset } = finding.where
    const key = path === undefined || offset !== undefined ? undefined : keyOf(path)
    const file = key === undefined ? undefined : await getFile(files, key)
    findings.push(
      file?.offset === undefined ? finding : { ...finding, where: { ...finding.where, offset: file.offset } },
    )
  }
  return { ...archive, findings, ...(files.passed === true && { passed: true }) }
}

/** What was wrong with the wrapper is why a document could not be found: it is said with the error. */
function withFindings(error: unknown, files: FileSet): unknown {
  const [first] = files.findings
  if (!(error instanceof ArchiveError) || first === undefined) return error
  const { findings } = files
  const location = error.location ?? files.location
  const { offset } = first.where
  if (error.code === 'ERR_NOT_ARCHIVE' && first.code === 'ARCHIVE_TRUNCATED' && offset !== undefined) {
    const message = 'the archive is cut before any document that says what it holds'
    return new ArchiveError('ERR_TRUNCATED', message, { location, offset, findings, hint: HINTS.salvage, cause: error })
  }
  const place = offset === undefined ? '' : ` at offset ${offset}`
  const at = error.offset ?? offset
  return new ArchiveError(error.code, error.message, {
    location,
    cause: error,
    findings,
    hint: error.hint ?? `before that: ${first.message}${place} (${first.code})`,
    ...(at !== undefined && { offset: at }),
  })
}

async function isDirectory(path: string): Promise<boolean> {
  const status = await lstat(path).catch((cause: unknown) => {
    throw toArchiveError(cause, { location: path })
  })
  return (
    status.isDirectory() ||
    (status.isSymbolicLink() && (await lstat(`${path}/.`).catch(() => undefined))?.isDirectory() === true)
  )
}

async function openDirectory(
  path: string,
  context: RunContext,
  options: OpenOptions,
  formats: readonly Format[],
): Promise<ImageArchive> {
  const files = await directoryFiles(path)
  const isLayout = formats.includes(ociLayout) && (await ociLayout.recognises(files))
  const format = isLayout && formats.includes(hybrid) && (await hybrid.recognises(files)) ? hybrid : ociLayout
  if (isLayout) return readWith([format], files, context, options)
  if (formats.includes(rootfs)) return directoryRootfs(path, files, options)
  await files[Symbol.asyncDispose]()
  throw new ArchiveError('ERR_NOT_ARCHIVE', 'this directory is no OCI image layout', { location: path })
}

async function openFiles(path: string, context: RunContext, options: OpenOptions): Promise<FileSet> {
  const stored = await openStored(path, context, options)
  try {
    if (!(await passes(stored, options, context))) return await readAnywhere(stored, path, context)
    const files = await passingOnce(stored, path, context)
    await closeStored(stored)
    return files
  } catch (error) {
    await closeStored(stored)
    throw error
  }
}

async function passes(stored: Stored, { access }: OpenOptions, context: RunContext): Promise<boolean> {
  if (access === 'random') return false
  return stored.kind === 'pipe' || (await sniffCompression(stored.source, context.signal)) !== 'none'
}

/** A tar that comes in order only, compressed or not. */
async function passingOnce(stored: Stored, archive: string, context: RunContext): Promise<FileSet> {
  const outer = await watchCompression(chunksOfStored(stored, context), archive, context)
  const files = await passingFiles(outer.chunks, archive, context).catch((error: unknown) => {
    throw whyNot(error, outer.findings())
  })
  return {
    ...files,
    findings: [...outer.findings(), ...files.findings],
    ...(stored.kind === 'pipe' && { passed: true }),
  }
}

async function readAnywhere(stored: Stored, archive: string, context: RunContext): Promise<FileSet> {
  const { source, findings } = await plainTarIn(stored, archive, context)
  const close = async () => source[Symbol.asyncDispose]()
  try {
    return await tarFiles(source, archive, context, { findings, close })
  } catch (error) {
    await close()
    throw whyNot(error, findings)
  }
}

/** What came out of a broken compressed stream is no tar because the stream is broken. */
function whyNot(error: unknown, findings: readonly Finding[]): unknown {
  const fault = findings.find(({ code }) => code !== 'ARCHIVE_COMPRESSION_TRAILING')
  if (fault === undefined || !(error instanceof ArchiveError) || error.code !== 'ERR_NOT_ARCHIVE') return error
  const { archive, offset } = fault.where
  return new ArchiveError(fault.code === 'LIMIT_REACHED' ? 'ERR_LIMIT' : 'ERR_COMPRESSION', fault.message, {
    location: archive,
    cause: error,
    ...(offset !== undefined && { offset }),
  })
}
