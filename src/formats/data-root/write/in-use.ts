import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

// Databases that a daemon locks as long as it runs (bbolt takes an exclusive flock).
const LOCKED = ['volumes/metadata.db', 'network/files/local-kv.db', 'buildkit/cache.db']

/**
 * Why a daemon seems to run on a data-root: its pid file, a root filesystem that is mounted, a database that is locked on
 * this host. Undefined where nothing says so.
 */
export async function runningSign(root: string): Promise<string | undefined> {
  if ((await lstat(join(root, 'docker.pid')).catch(() => undefined)) !== undefined) return 'there is a docker.pid'
  const home = join(root, 'overlay2')
  for (const id of await readdir(home).catch(() => [])) {
    const merged = await readdir(join(home, id, 'merged')).catch(() => [])
    if (merged.length > 0) return `overlay2/${id} is mounted`
  }
  const locks = await readFile('/proc/locks', 'latin1').catch(() => '')
  for (const name of LOCKED) {
    const status = await lstat(join(root, name), { bigint: true }).catch(() => undefined)
    if (status !== undefined && isLocked(locks, status)) return `${name} is locked`
  }
  return undefined
}

// proc(5): `1: FLOCK  ADVISORY  WRITE 4242 fe:00:1234 0 EOF`, the device in hexadecimal.
function isLocked(locks: string, { dev, ino }: { readonly dev: bigint; readonly ino: bigint }): boolean {
  const hex = (part: bigint) => part.toString(16).padStart(2, '0')
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn)
  const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn)
  return locks.includes(` ${hex(major)}:${hex(minor)}:${String(ino)} `)
}
