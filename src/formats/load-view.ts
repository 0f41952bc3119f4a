import { lstat } from 'node:fs/promises'
import { slice, type ByteSource } from '../bytes/source.js'
import { runContext, type RunContext } from '../context.js'
import { toArchiveError } from '../errors.js'
import type { Finding } from '../findings.js'
import type { LoadMember, LoadView, Peel } from '../model/load-view.js'
import type { TarEnd } from '../tar/end.js'
import type { TarEntry } from '../tar/entry.js'
import { latin1 } from '../tar/path.js'
import { scanSource } from '../tar/scan.js'
import { directoryFiles } from './directory-files.js'
import type { FileSet } from './files.js'
import { openPlainTar } from './plain-tar.js'
import { isGiven, type GivenBytes } from './stored.js'

// One loader takes two levels of gzip off; what is below them nobody reads.
const MOST_PEELS = 2

/**
 * Opens an archive as loaders meet it, however broken it is; `-` is what is given. Pipes and compressed archives are written
 * to a temporary file. Errors: ERR_NOT_FOUND, ERR_IO, ERR_USAGE where there is no standard input.
 */
export async function openLoadView(
  path: string,
  context: RunContext = runContext(),
  given: GivenBytes = {},
): Promise<LoadView> {
  if (!isGiven(path, given) && (await isDirectory(path))) return directoryView(path)
  const held: AsyncDisposable[] = []
  const dispose = async () => {
    for (const one of held.reverse()) await one[Symbol.asyncDispose]()
  }
  try {
    const { source, peels } = await peel(path, context, given, held)
    return {
      location: path,
      isDirectory: false,
      peels,
      ...(await scan(source, context)),
      [Symbol.asyncDispose]: dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

async function isDirectory(path: string): Promise<boolean> {
  const status = await lstat(path).catch((cause: unknown) => {
    throw toArchiveError(cause, { location: path })
  })
  return status.isDirectory()
}

/** Takes compression off as long as there is some; what comes out of a broken stream is kept as far as it goes. */
async function peel(
  path: string,
  context: RunContext,
  given: GivenBytes,
  held: AsyncDisposable[],
): Promise<{ readonly source: ByteSource; readonly peels: readonly Peel[] }> {
  const peels: Peel[] = []
  for (let bytes = given; ;) {
    const { source, compression, findings } = await openPlainTar(path, context, bytes)
    held.push(source)
    if (compression === 'none') return { source, peels }
    const problem = problemOf(findings)
    peels.push({ compression, ...(problem !== undefined && { problem }) })
    if (peels.length === MOST_PEELS) return { source, peels }
    bytes = { source }
  }
}

function problemOf(findings: readonly Finding[]): Peel['problem'] {
  const codes = findings.map(({ code }) => code)
  if (codes.includes('ARCHIVE_COMPRESSION') || codes.includes('LIMIT_REACHED')) return 'broken'
  if (codes.includes('ARCHIVE_CHECKSUM')) return 'checksum'
  return codes.includes('ARCHIVE_COMPRESSION_TRAILING') ? 'trailing' : undefined
}

async function scan(source: ByteSource, context: RunContext): Promise<Pick<LoadView, 'members' | 'end'>> {
  const members: LoadMember[] = []
  const end = await scanSource(source, { onEntry: (entry) => members.push(memberOf(entry, source)) }, context)
  return { members, end }
}

function memberOf(entry: TarEntry, source: ByteSource): LoadMember {
  const { type, typeflag, size, content, path } = entry
  // Go has whatever it does not know for a regular file, and reads it.
  const isRegular = type === 'file' || type === 'unknown'
  const isThere = isRegular && entry.sparse === undefined && content.offset + content.length <= source.size
  return {
    name: latin1(entry.rawPath),
    type,
    typeflag,
    link: latin1(entry.rawLinkPath),
    size,
    ...(isThere && { source: slice(source, content, `${source.location} › ${path}`) }),
  }
}

const WHOLE: TarEnd = {
  entries: 0,
  offset: 0,
  marker: 'two-zero-blocks',
  size: 0,
  trailing: 0,
  trailingNonZero: false,
}

async function directoryView(path: string): Promise<LoadView> {
  const files = await directoryFiles(path)
  const members: LoadMember[] = []
  await collect(files, '', members)
  const end = { ...WHOLE, entries: members.length }
  return {
    location: path,
    isDirectory: true,
    peels: [],
    members,
    end,
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  }
}

// An OCI layout is three levels deep; whatever lies deeper is nothing that a loader asks for.
const MOST_DEPTH = 4

async function collect(files: FileSet, directory: string, members: LoadMember[], depth = 1): Promise<void> {
  for (const child of await files.list(directory)) {
    const name = directory === '' ? child : `${directory}/${child}`
    const found = await files.resolve(name)
    if (found.kind === 'file') {
      const { source } = found.file
      members.push({ name, type: 'file', typeflag: '0', link: '', size: source.size, source })
    } else if (depth < MOST_DEPTH) {
      members.push({ name: `${name}/`, type: 'directory', typeflag: '5', link: '', size: 0 })
      await collect(files, name, members, depth + 1)
    }
  }
}
