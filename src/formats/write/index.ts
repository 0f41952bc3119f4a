import type { Writable } from 'node:stream'
import type { Compression } from '../../bytes/compression.js'
import { checkDirectory, directoryOutput } from '../../bytes/output-directory.js'
import { checkFile, fileOutput, streamOutput } from '../../bytes/output.js'
import type { RunContext } from '../../context.js'
import { ArchiveError, refuseAborted } from '../../errors.js'
import { directorySink } from './directory-sink.js'
import { LAYOUT_MARK } from '../layout-mark.js'
import { heldContent, type ArchiveContent } from './content.js'
import { classicMembers, hybridMembers, ociMembers, universalMembers } from './members.js'
import type { ArchiveSink, SinkMember } from './sink.js'
import { tarSink } from './tar-sink.js'

export { nullSink } from './null-sink.js'
export type { ArchiveContent } from './content.js'
export type { ArchiveSink } from './sink.js'

/** Archives that are written. */
export const WRITTEN_FORMATS = ['docker-archive', 'oci-archive', 'oci'] as const
/** How the members of a docker archive are laid out. */
export const LAYOUTS = ['universal', 'hybrid', 'classic'] as const

/** What to write. */
export interface WriteTarget {
  readonly format: (typeof WRITTEN_FORMATS)[number]
  /** Of a docker archive only. */
  readonly layout: (typeof LAYOUTS)[number]
}

const PLAIN: ReadonlySet<Compression> = new Set<Compression>(['none'])
const PLAIN_OR_GZIP: ReadonlySet<Compression> = new Set<Compression>(['none', 'gzip'])
const OCI: ReadonlySet<Compression> = new Set<Compression>(['none', 'gzip', 'zstd'])

/**
 * Compressions of layers that every reader of the target takes: docker before 23 knows no zstd, and what looks like the
 * archives of docker before 25 never holds compressed layers.
 */
export function compressionsOf({ format, layout }: WriteTarget): ReadonlySet<Compression> {
  if (format !== 'docker-archive') return OCI
  return layout === 'classic' ? PLAIN : PLAIN_OR_GZIP
}

/** Whether an archive has an index.json, so that manifests and what goes along with them have a place in it. */
export function hasIndex({ format, layout }: WriteTarget): boolean {
  return format !== 'docker-archive' || layout !== 'classic'
}

/** Where to write. */
export interface Destination {
  /** A file or directory; `-` is `stdout`. */
  readonly path: string
  readonly force: boolean
  readonly stdout?: Writable
}

/** Opens the output of a target. Errors: ERR_OUTPUT, ERR_USAGE for a directory on standard output. */
export async function openSink({ format }: WriteTarget, { path, force, stdout }: Destination): Promise<ArchiveSink> {
  if (format === 'oci') {
    if (path === '-') throw directoryToStdout()
    return directorySink(await directoryOutput(path, { force, mark: LAYOUT_MARK }))
  }
  if (path !== '-') return tarSink(await fileOutput(path, { force }))
  if (stdout === undefined) throw new ArchiveError('ERR_USAGE', 'there is no standard output to write to')
  return tarSink(streamOutput(stdout))
}

/** Refuses what `openSink` would, and makes nothing. Errors: as openSink. */
export async function checkSink({ format }: WriteTarget, { path, force }: Destination): Promise<void> {
  if (format === 'oci') {
    if (path === '-') throw directoryToStdout()
    await checkDirectory(path, { force, mark: LAYOUT_MARK })
  } else if (path !== '-') await checkFile(path, { force })
}

function directoryToStdout(): ArchiveError {
  return new ArchiveError('ERR_USAGE', 'a directory cannot go to standard output')
}

/**
 * Writes images that were prepared with the same sink, all but the commit; gives what the archive says of them, with the
 * names that it can hold. The same images give the same bytes. Errors: ERR_NOT_FOUND where there is no image,
 * ERR_REFERENCE where the archive would give two images one name, ERR_LIMIT for a document that is too large, ERR_OUTPUT.
 */
export async function writeImages(
  sink: ArchiveSink,
  content: ArchiveContent,
  target: WriteTarget,
  context: RunContext,
): Promise<ArchiveContent> {
  if (content.images.length === 0) throw new ArchiveError('ERR_NOT_FOUND', 'there is no image to write')
  const held = heldContent(content, { docker: target.format === 'docker-archive', index: hasIndex(target) })
  for (const member of membersOf(held, target)) {
    refuseAborted(context.signal)
    refuseOverLimit(member, context)
    await sink.add(member, context)
  }
  return held
}

/** Nobody could read the archive: a name takes more in an index.json than where it came from. */
function refuseOverLimit(member: SinkMember, { limits }: RunContext): void {
  if (member.kind !== 'document' || member.bytes.length <= limits.json) return
  const { path, bytes } = member
  throw new ArchiveError('ERR_LIMIT', `${path} would have ${bytes.length} bytes, over the limit of ${limits.json}`, {
    hint: 'leave out names or images, or raise it with --limit-json, for whoever reads the archive too',
  })
}

function membersOf(content: ArchiveContent, { format, layout }: WriteTarget): Iterable<SinkMember> {
  if (format !== 'docker-archive') return ociMembers(content)
  switch (layout) {
    case 'classic':
      return classicMembers(content)
    case 'hybrid':
      return hybridMembers(content)
    case 'universal':
      return universalMembers(content)
  }
}
