import { slice, type ByteSource } from '../bytes/source.js'
import type { RunContext } from '../context.js'
import { ArchiveError, HINTS } from '../errors.js'
import type { Finding } from '../findings.js'
import { findingLog } from '../model/finding-log.js'
import type { TarEntry } from '../tar/entry.js'
import { scanSource } from '../tar/scan.js'
import { paddingOf } from '../tar/write.js'
import type { FileSet } from './files.js'
import { memberCollector, wholeAsFile, type MemberCollector } from './members.js'

/**
 * The members of a plain tar that can be read anywhere: indexed by hopping over the contents. `archive` is the name the
 * user gave. Errors: ERR_NOT_ARCHIVE when the first header is none, ERR_IO.
 */
export async function tarFiles(
  source: ByteSource,
  archive: string,
  context: RunContext,
  options: { readonly findings?: readonly Finding[]; readonly close: () => Promise<void> },
): Promise<FileSet> {
  const log = findingLog(archive)
  const collector = memberCollector(log, context)
  const fillers: TarEntry[] = []
  const onEntry = (entry: TarEntry) => {
    if (fillers.length < MOST_FILLERS) fillers.push(entry)
    const { offset, length } = entry.content
    const isThere = entry.type === 'file' && offset + length <= source.size
    collector.add(entry, isThere ? { source: slice(source, entry.content, `${archive} › ${entry.path}`) } : undefined)
  }
  if (source.size === 0) throw notTar(archive, 'there are no bytes', 0)
  const end = await scanSource(source, { onEntry, onOddity: (oddity) => collector.oddity(oddity) }, context)
  if (end.entries === 0 && end.fault !== undefined) throw notTar(archive, end.fault.message, end.fault.offset)
  await checkFillers(source, fillers, collector)
  collector.end(end)
  return {
    location: archive,
    findings: [...(options.findings ?? []), ...log.findings],
    whole: wholeAsFile(source),
    resolve: (path) => Promise.resolve(collector.index.resolve(path)),
    list: (directory) => Promise.resolve(collector.index.list(directory)),
    [Symbol.asyncDispose]: options.close,
  }
}

// A root filesystem has a hundred thousand members, and is a layer that is proved as a whole.
const MOST_FILLERS = 4096

/** Reads what fills up the last blocks of members, which the scan hops over. */
async function checkFillers(
  source: ByteSource,
  entries: readonly TarEntry[],
  collector: MemberCollector,
): Promise<void> {
  if (entries.length === MOST_FILLERS) return
  for (const entry of entries) {
    const offset = entry.content.offset + entry.content.length
    const length = paddingOf(entry.content.length)
    if (length === 0 || offset + length > source.size) continue
    collector.filler(entry, await source.read({ offset, length }))
  }
}

/** Why bytes are no archive. */
export function notTar(location: string, message: string, offset: number): ArchiveError {
  return new ArchiveError('ERR_NOT_ARCHIVE', `this is no tar: ${message}`, { location, offset, hint: HINTS.noTar })
}
