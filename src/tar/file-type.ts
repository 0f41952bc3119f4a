/** What a file system keeps under a name, as far as a tar has an entry for it; a hard link is a second name. */
export type FileType = 'file' | 'directory' | 'symlink' | 'char' | 'block' | 'fifo'

/** Typeflag of the entry for a file of that type. */
export const TYPEFLAGS: Record<FileType, string> = {
  file: '0',
  symlink: '2',
  char: '3',
  block: '4',
  directory: '5',
  fifo: '6',
}

/** The type in st_mode (Linux, S_IFMT), which docker wrote into the modes of headers up to version 23. */
export const TYPE_BITS: Record<FileType, number> = {
  fifo: 0o010000,
  char: 0o020000,
  directory: 0o040000,
  block: 0o060000,
  file: 0o100000,
  symlink: 0o120000,
}
