import type { RunContext } from '../context.js'
import type { Platform } from '../model/platform.js'
import type { FindingLog } from '../model/finding-log.js'
import type { Image, ImageArchive } from '../model/image.js'
import type { FileSet } from './files.js'

/** What a reader may be told beside the files. */
export interface ReadOptions {
  /** Platform that an image without config gets (root filesystems); linux/amd64 where nothing is said. */
  readonly platform?: Platform
}

/** One way to store images. */
export interface Format {
  readonly name: string
  /** What people call it, with its article. */
  readonly what: string
  /** Looks at names and a few bytes; the first format that says yes reads. */
  recognises(files: FileSet): Promise<boolean>
  /** Errors: ArchiveError where there is no answer at all; everything else is a finding of the archive. */
  read(files: FileSet, context: RunContext, options: ReadOptions): Promise<ImageArchive>
}

/** An archive with nothing but images. */
export function archiveOf(format: string, files: FileSet, images: readonly Image[], log: FindingLog): ImageArchive {
  return {
    location: files.location,
    format,
    images,
    findings: [...files.findings, ...log.findings],
    loose: [],
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  }
}
