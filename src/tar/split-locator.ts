import { directoryFilesOf } from './split-directory.js'
import type { StoredFiles } from './split-files.js'
import { packedFiles, type PackedMember } from './split-index.js'

/** Where the files of a layer lie: below a directory of the system, or below a path of a tar. */
export type FileLocator =
  | { readonly kind: 'directory'; readonly directory: string; readonly base: string }
  | {
      readonly kind: 'tar'
      readonly file: string
      readonly members: ReadonlyMap<string, PackedMember>
      readonly base: string
    }

/** Opens where files lie; to be disposed of. Errors: what the system says of a tar that cannot be opened. */
export function openLocator(locator: FileLocator): StoredFiles & Disposable {
  if (locator.kind === 'directory') {
    return { ...directoryFilesOf(locator.directory), [Symbol.dispose]: () => undefined }
  }
  const files = packedFiles(locator.file, locator.members)
  return { ...files, [Symbol.dispose]: () => files.close() }
}
