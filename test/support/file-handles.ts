import { open, type FileHandle } from 'node:fs/promises'

/** What every open file inherits: its methods are those of a handle, and may be put others in their place. */
export async function fileHandles(folder: string): Promise<FileHandle> {
  await using handle = await open(folder)
  return Object.getPrototypeOf(handle) as FileHandle // a prototype has what its objects have
}
