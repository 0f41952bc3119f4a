import { slice, type ByteSource } from '../bytes/source.js'
import type { RunContext } from '../context.js'
import { ArchiveError } from '../errors.js'
import type { Finding } from '../findings.js'
import { findingLog } from '../model/finding-log.js'
import type { TarEntry } from '../tar/entry.js'
import { scanSource } from '../tar/scan.js'
import type { FileSet } from './files.js'
import { memberCollector, wholeAsFile } from './members.js'

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
  const collector = memberCollector(log)
  const onEntry = (entry: TarEntry) => {
    const { offset, length } = entry.content
    const isThere = entry.type === 'file' && offset + length <= source.size
    collector.add(entry, isThere ? { source: slice(source, entry.content, `${archive} › ${entry.path}`) } : undefined)
  }
  if (source.size === 0) throw notTar(archive, 'there are no bytes', 0)
  const end = await scanSource(source, { onEntry, onOddity: (oddity) => collector.oddity(oddity) }, context)
  if (end.entries === 0 && end.fault !== undefined) throw notTar(archive, end.fault.message, end.fault.offset)
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

/** Why bytes are no archive. */
export function notTar(location: string, message: string, offset: number): ArchiveError {
  return new ArchiveError('ERR_NOT_ARCHIVE', `this is no tar: ${message}`, { location, offset })
}
