import { ArchiveError } from '../errors.js'
import { paddingOf, TAR_END_BYTES } from './write.js'

/** One member of an archive that wraps an image: its names and numbers are ours, so they are kept small and plain. */
export interface WrapperEntry {
  /** ASCII, at most 100 bytes; a directory's trailing slash is added where it is missing. */
  readonly path: string
  readonly type: 'file' | 'directory' | 'symlink' | 'hardlink'
  /** Bytes of the content; 0 for all but files. */
  readonly size: number
  /** Permission bits, not 0. */
  readonly mode: number
  /** Whole seconds since 1970. */
  readonly mtime: number
  /** Of links; as for `path`. */
  readonly linkPath?: string
  /** Exactly `size` bytes. */
  readonly content?: AsyncIterable<Uint8Array>
}

/**
 * The chunks of a tar of these members, owner 0:0, headers by tar-stream and contents handed through as they come: each
 * chunk is valid until the next is asked for. The same entries give the same bytes. Throws ERR_OUTPUT for an entry that
 * such a header cannot hold as it is, or whose content is not as long as its size.
 */
export async function* packWrapper(
  entries: AsyncIterable<WrapperEntry> | Iterable<WrapperEntry>,
): AsyncGenerator<Uint8Array, void> {
  for await (const entry of entries) {
    const path = entry.type === 'directory' && !entry.path.endsWith('/') ? `${entry.path}/` : entry.path
    guard(entry, path)
    yield await headerOf(entry, path)
    yield* wholeContent(entry)
    const padding = paddingOf(entry.size)
    if (padding > 0) yield new Uint8Array(padding)
  }
  yield new Uint8Array(TAR_END_BYTES)
}

/** The header of one member alone, 512 bytes: for an archive that is put together elsewhere. Throws ERR_OUTPUT. */
export async function wrapperHeader(entry: Omit<WrapperEntry, 'content'>): Promise<Uint8Array> {
  guard(entry, entry.path)
  return headerOf(entry, entry.path)
}

const LAST_SECOND = 2 ** 31 - 1

// tar-stream wraps later times, writes 0644 for the mode 0, and renames what needs a PAX header.
function guard({ type, size, mode, mtime, linkPath }: WrapperEntry, path: string): void {
  const refuse = (why: string) => new ArchiveError('ERR_OUTPUT', `${why}: ${JSON.stringify(path)}`)
  if (!isPlain(path)) throw refuse('a name that is not ASCII, or longer than 100 bytes')
  if (type === 'symlink' || type === 'hardlink') {
    if (linkPath === undefined || !isPlain(linkPath))
      throw refuse('a link target that is not ASCII, or not 1 to 100 bytes')
  } else if (linkPath !== undefined) throw refuse('a link target on what is no link')
  if (!Number.isSafeInteger(size) || size < 0 || (size > 0 && type !== 'file')) throw refuse('an impossible size')
  if (!Number.isInteger(mode) || mode <= 0 || mode > 0o7777) throw refuse('an impossible mode')
  if (!Number.isInteger(mtime) || mtime < 0 || mtime > LAST_SECOND) throw refuse('a time before 1970 or after 2038')
}

function isPlain(name: string): boolean {
  return /^[\x20-\x7e]{1,100}$/.test(name)
}

async function headerOf({ type, size, mode, mtime, linkPath }: WrapperEntry, path: string): Promise<Uint8Array> {
  const { pack } = await import('tar-stream')
  const packing = pack()
  const header = {
    name: path,
    type: type === 'hardlink' ? 'link' : type,
    size,
    mode,
    mtime: new Date(mtime * 1000),
    uid: 0,
    gid: 0,
    ...(linkPath === undefined ? {} : { linkname: linkPath }),
  } as const
  // Only the header is taken: a content that went through its queue would have to be copied. What is left is dropped as it
  // is, without an end: to be told of one costs it errors that take five times as long as the header.
  return new Promise((resolve, reject) => {
    const refuse = (cause: Error): void => {
      reject(new ArchiveError('ERR_OUTPUT', `no header: ${JSON.stringify(path)}`, { cause }))
    }
    packing.once('data', (block) => {
      if (block instanceof Uint8Array) resolve(block.slice())
    })
    packing.once('error', refuse)
    packing.entry(header).once('error', refuse)
  })
}

async function* wholeContent({ path, size, content }: WrapperEntry): AsyncGenerator<Uint8Array, void> {
  let written = 0
  const wrong = (is: string) =>
    new ArchiveError('ERR_OUTPUT', `a content ${is} than its ${size.toString()} bytes: ${path}`)
  if (content !== undefined) {
    for await (const chunk of content) {
      written += chunk.length
      if (written > size) throw wrong('longer')
      yield chunk
    }
  }
  if (written < size) throw wrong('shorter')
}
