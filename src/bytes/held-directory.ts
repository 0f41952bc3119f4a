import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  futimesSync,
  lchownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  statSync,
  symlinkSync,
  writeSync,
  type PathLike,
} from 'node:fs'
import { ArchiveError } from '../errors.js'
import { latin1Path } from './latin1-path.js'

/** What a file system keeps of a file beside its content. */
export interface FileMetadata {
  readonly mode: number
  /** Absent: it stays with whoever runs this. */
  readonly owner?: { readonly uid: number; readonly gid: number }
  /** Absent: the time it was made. */
  readonly mtimeNs?: bigint
}

/** A file that is being written. */
export interface HeldFile {
  write(bytes: Uint8Array): void
  /** Owner, then mode, then time: each would undo the next. Closes the file. */
  finish(metadata: FileMetadata): void
  close(): void
}

/**
 * A directory held open, in which new names are made and no link is ever followed: where the system lets names be looked
 * up from an open directory (Linux), nobody can put something else in its place meanwhile; elsewhere it is checked before
 * each name. Names have one latin1 character a byte. The calls are synchronous: each is shorter than a promise.
 */
export interface HeldDirectory {
  /** A new directory, open to nobody else until it is finished. Errors: those of the system, as all of these. */
  makeDirectory(name: string): HeldDirectory
  /** A directory that is there. */
  enter(name: string): HeldDirectory
  makeFile(name: string): HeldFile
  makeSymlink(name: string, target: string, metadata: Omit<FileMetadata, 'mode'>): void
  /** A second name for what `from` has as `fromName`. */
  makeLink(name: string, from: HeldDirectory, fromName: string): void
  /** The path of a name, for a call that follows no links; valid while the directory is held. */
  pathOf(name: string): PathLike
  /** Owner, mode and time of the directory itself; closes it. */
  finish(metadata: FileMetadata): void
  close(): void
}

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_DIRECTORY } = constants

/** Holds a directory. Errors: those of the system, ENOTDIR or ELOOP for anything else than a directory. */
export function holdDirectory(path: string): HeldDirectory {
  return held(openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), latin1Path.fromText(path))
}

function held(fd: number, path: string): HeldDirectory {
  const base = baseOf(fd, path)
  const pathOf = (name: string): PathLike => latin1Path.toPath(`${base()}/${name}`)
  const enter = (name: string): HeldDirectory =>
    held(openSync(pathOf(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW), `${path}/${name}`)
  return {
    enter,
    makeDirectory(name) {
      mkdirSync(pathOf(name), 0o700)
      return enter(name)
    },
    makeFile: (name) => heldFile(openSync(pathOf(name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)),
    makeSymlink(name, target, { owner, mtimeNs }) {
      const at = pathOf(name)
      symlinkSync(latin1Path.toPath(target), at)
      if (owner !== undefined) lchownSync(at, owner.uid, owner.gid)
      if (mtimeNs !== undefined) lutimesSync(at, timeOf(mtimeNs), timeOf(mtimeNs))
    },
    makeLink: (name, from, fromName) => linkSync(from.pathOf(fromName), pathOf(name)),
    pathOf,
    finish: (metadata) => finish(fd, metadata),
    close: () => closeSync(fd),
  }
}

/** What stands for an open directory in a path. */
function baseOf(fd: number, path: string): () => string {
  const link = `/proc/self/fd/${fd}`
  const own = fstatSync(fd, { bigint: true })
  const isOwn = (candidate: PathLike): boolean => {
    const status = statSync(candidate, { bigint: true, throwIfNoEntry: false })
    return status?.dev === own.dev && status.ino === own.ino
  }
  if (isOwn(link)) return () => link
  return () => {
    if (isOwn(latin1Path.toPath(path))) return path
    throw new ArchiveError('ERR_OUTPUT', 'somebody else moved or replaced the directory meanwhile', { location: path })
  }
}

function heldFile(fd: number): HeldFile {
  return {
    write(bytes) {
      for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done, bytes.length - done)
    },
    finish: (metadata) => finish(fd, metadata),
    close: () => closeSync(fd),
  }
}

function finish(fd: number, { mode, owner, mtimeNs }: FileMetadata): void {
  try {
    if (owner !== undefined) fchownSync(fd, owner.uid, owner.gid)
    fchmodSync(fd, mode)
    if (mtimeNs !== undefined) futimesSync(fd, timeOf(mtimeNs), timeOf(mtimeNs))
  } finally {
    closeSync(fd)
  }
}

// Node takes a negative number for no time at all, but not a negative date. libuv cuts numbers off at the microsecond, up
// to Node 22; newer ones keep what is below it, so that half of one is put on top only where the cut would lose a whole one.
function timeOf(ns: bigint): number | Date {
  if (ns < 0n) return new Date(Number(ns / 1_000_000n))
  const microseconds = Number((ns / 1000n) % 1_000_000n)
  const seconds = Number(ns / 1_000_000_000n)
  const time = seconds + microseconds / 1e6
  return Math.trunc((time - seconds) * 1e6) === microseconds ? time : seconds + (microseconds + 0.5) / 1e6
}
