import { existsSync, readdirSync, readlinkSync } from 'node:fs'

/** Files of a folder that this process has open; none where the system does not tell. */
export function openFilesBelow(folder: string): readonly string[] {
  if (!existsSync('/proc/self/fd')) return []
  const open = readdirSync('/proc/self/fd').flatMap((fd) => {
    const path = `/proc/self/fd/${fd}`
    return existsSync(path) ? [readlinkSync(path)] : []
  })
  return open.filter((path) => path.startsWith(folder))
}
