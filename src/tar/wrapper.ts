import { ArchiveError } from '../errors.js'

/** One member of an archive that wraps an image: its names and numbers are ours, so they are kept small and plain. */
export interface WrapperEntry {
  /** ASCII, at most 100 bytes. */
  readonly path: string
  readonly type: 'file' | 'symlink'
  /** Bytes of the content; 0 for links. */
  readonly size: number
  /** Permission bits, not 0. */
  readonly mode: number
  /** Whole seconds since 1970. */
  readonly mtime: number
  /** Of links; as for `path`. */
  readonly linkPath?: string
}

/**
 * The header of a member, 512 bytes as tar-stream makes them, owner 0:0; the same entry gives the same bytes. Throws
 * ERR_OUTPUT for an entry that such a header cannot hold as it is.
 */
export async function wrapperHeader(entry: WrapperEntry): Promise<Uint8Array> {
  guard(entry)
  const { path, type, size, mode, mtime, linkPath } = entry
  const { pack } = await import('tar-stream')
  const packing = pack()
  const header = {
    name: path,
    type,
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

const LAST_SECOND = 2 ** 31 - 1

// tar-stream wraps later times, writes 0644 for the mode 0, and renames what needs a PAX header.
function guard({ path, type, size, mode, mtime, linkPath }: WrapperEntry): void {
  const refuse = (why: string) => new ArchiveError('ERR_OUTPUT', `${why}: ${JSON.stringify(path)}`)
  if (!isPlain(path)) throw refuse('a name that is not ASCII, or longer than 100 bytes')
  if (type === 'symlink') {
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
