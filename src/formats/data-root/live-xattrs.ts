import { spawn } from 'node:child_process'
import { lstat } from 'node:fs/promises'
import type { RunContext } from '../../context.js'
import type { TarEntry } from '../../tar/entry.js'
import { cleanPath } from '../../tar/path.js'
import { scanChunks } from '../../tar/scan.js'
import type { XattrsByKey } from './store.js'

const RECORD = 'SCHILY.xattr.'

/** Every extended attribute that the PAX records of an entry carry, overlayfs's own too. */
export function allXattrs({ pax }: Pick<TarEntry, 'pax'>): ReadonlyMap<string, Uint8Array> {
  const found = new Map<string, Uint8Array>()
  for (const [key, value] of pax) if (key.startsWith(RECORD)) found.set(key.slice(RECORD.length), value)
  return found
}

// Options of GNU tar; others that know them print the same records.
const TAR = ['--create', '--format=posix', '--xattrs', '--xattrs-include=*', '--file=-', '--directory']

/**
 * Extended attributes of all below a directory of the system. Node reads none: the system's GNU tar does, whose headers
 * are looked at and nothing is written. Undefined where there is none, or it may not read: then nobody can tell.
 */
export async function liveXattrs(directory: string, context: RunContext): Promise<XattrsByKey | undefined> {
  const status = await lstat(directory).catch(() => undefined)
  if (status?.isDirectory() !== true) return new Map()
  const found = new Map<string, ReadonlyMap<string, Uint8Array>>()
  const onEntry = (entry: TarEntry) => {
    const xattrs = allXattrs(entry)
    if (xattrs.size > 0) found.set(cleanPath(entry.rawPath).key, xattrs)
  }
  const tar = spawn('tar', [...TAR, directory, '.'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { LC_ALL: 'C', PATH: '/usr/local/bin:/usr/bin:/bin' },
  })
  const code = new Promise<number | null>((resolve) => {
    tar.on('error', () => resolve(null))
    tar.on('close', resolve)
  })
  try {
    const end = await scanChunks(tar.stdout as AsyncIterable<Uint8Array>, { onEntry }, context) // a pipe gives bytes
    return (await code) === 0 && end.fault === undefined ? found : undefined
  } finally {
    tar.kill()
  }
}
