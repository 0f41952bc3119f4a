import { flag } from './arguments.js'
import { UsageError } from './usage-error.js'

const FORMATS = ['docker-archive', 'oci-archive', 'oci'] as const

/** The option of commands that write a file. */
export const FORCE_OPTION = flag('replace an output that exists; through a symlink, what it leads to', 'f')

/** Where to write an archive, as `[TRANSPORT:]PATH` says. */
export interface OutputPlace {
  readonly format: (typeof FORMATS)[number]
  /** `-` is standard output. */
  readonly path: string
}

/** A directory for the files of an image. */
export interface DirectoryPlace {
  readonly format: 'rootfs'
  readonly path: string
}

const FILES = 'is for the files of one image: imgtar export and imgtar save write there'

// The transports of containers-transports(5) that are not written, and those of imgtar's own: who types one of them
// wants no file of that name.
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['rootfs', FILES],
  ['docker-daemon', "is not written: 'imgtar save ARCHIVE -o - | docker load' gives an image to a daemon"],
  ['docker', "is not written: imgtar knows no registry; write oci:DIR, then 'skopeo copy oci:DIR docker://…'"],
  ['containers-storage', "is not written: write app.tar, then 'podman load -i app.tar'"],
  ['dir', "is not written: write oci:DIR, then 'skopeo copy oci:DIR dir:…'"],
  ['docker-root', 'is no output of this command: imgtar load writes to a data-root'],
  ['data-root', 'is no output of this command: imgtar load writes to a data-root'],
  ['ostree', 'is not written'],
  ['sif', 'is not written'],
  ['tarball', 'is not written'],
  ['atomic', 'is not written'],
])

/** Reads `[TRANSPORT:]PATH`; a docker archive where nothing is said. Errors: UsageError. */
export function outputPlace(text: string): OutputPlace {
  const format = FORMATS.find((name) => text.startsWith(`${name}:`))
  if (format === undefined) return { format: 'docker-archive', path: plainPath(text) }
  const path = named(text.slice(format.length + 1))
  const colon = path.indexOf(':')
  if (colon < 0) return { format, path }
  // What skopeo would take for a reference.
  const bare = `${format}:${path.slice(0, colon)}`
  throw new UsageError(
    `--output ${text}: images keep their names, and 'imgtar tag' gives them others; write ${bare} without a name`,
  )
}

/** Reads `[TRANSPORT:]PATH`, with `rootfs:DIRECTORY` for files. Errors: UsageError. */
export function outputOrDirectory(text: string): OutputPlace | DirectoryPlace {
  return directoryPlace(text) ?? outputPlace(text)
}

/** Reads `rootfs:DIRECTORY`; undefined for all else. Errors: UsageError. */
export function directoryPlace(text: string): DirectoryPlace | undefined {
  if (!text.startsWith('rootfs:')) return undefined
  const path = named(text.slice('rootfs:'.length))
  if (path === '-') throw new UsageError('a directory does not go to standard output')
  return { format: 'rootfs', path }
}

/** A path without a transport. Errors: UsageError for a transport, which `./` before it makes a name. */
export function plainPath(text: string): string {
  const [, word = ''] = /^([a-z-]+):/.exec(text) ?? []
  const archives = FORMATS.some((name) => name === word)
    ? 'is no output of this command: imgtar save writes it'
    : undefined
  const why = archives ?? REFUSED.get(word)
  if (why === undefined) return named(text)
  throw new UsageError(`--output ${word}: ${why}; ./${text} is a file of that name`)
}

/** Refuses options that say how `what` is written, where a directory of files is. Errors: UsageError for the first given. */
export function refuseOf(options: Readonly<Record<string, unknown>>, names: readonly string[], what: string): void {
  const given = names.find((name) => options[name] !== undefined && options[name] !== false)
  if (given !== undefined) throw new UsageError(`--${given} is of ${what}, and the output is a directory of files`)
}

function named(path: string): string {
  if (path === '') throw new UsageError('--output names no file')
  return path
}
