import { spawnSync } from 'node:child_process'
import { lstatSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { latin1, latin1Bytes } from '../../tar/path.js'
import { directoryFilesOf, onDisk, typeOf } from '../../tar/split-directory.js'
import type { Store, StoreNode, XattrsByKey } from './store.js'

const MOST_XATTR_TEXT = 256 * 1024 * 1024

/** A data-root as a directory of the system. */
export function directoryStore(directory: string, location = directory): Store {
  const root = resolve(directory)
  return {
    ...directoryFilesOf(root),
    location,
    node(key) {
      const status = lstatSync(onDisk(root, key), { bigint: true, throwIfNoEntry: false })
      if (status === undefined) return undefined
      const type = typeOf(status)
      const { rdev } = status
      const isShared = type !== 'directory' && status.nlink > 1n
      const node: StoreNode = {
        type,
        mode: Number(status.mode & 0o7777n),
        uid: Number(status.uid),
        gid: Number(status.gid),
        size: type === 'file' ? Number(status.size) : 0,
        mtimeNs: status.mtimeNs,
        // Linux, gnu_dev_major and gnu_dev_minor.
        devMajor: Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn)),
        devMinor: Number((rdev & 0xffn) | ((rdev >> 12n) & ~0xffn)),
        ...(isShared && { identity: `${status.dev}:${status.ino}` }),
      }
      return node
    },
    list(key) {
      try {
        const names = readdirSync(onDisk(root, key), { encoding: 'buffer' })
        return names.map((name) => latin1(name)).sort()
      } catch {
        return []
      }
    },
    xattrsBelow: (key) => xattrsBelow(root, key),
    locator: (base) => ({ kind: 'directory', directory: root, base }),
    place: (key) => (/[^\x01-\x7f]/.test(key) ? undefined : { file: `${root}/${key}`, offset: 0 }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

/** Node reads no extended attributes: the system's getfattr does, where there is one. */
function xattrsBelow(root: string, key: string): XattrsByKey | undefined {
  const target = `${root}/${key}`
  const args = ['-R', '-P', '-h', '-d', '-m', '-', '-e', 'hex', '--absolute-names', '--', target]
  const { status, stdout, error } = spawnSync('getfattr', args, {
    encoding: 'buffer',
    maxBuffer: MOST_XATTR_TEXT,
    env: { LC_ALL: 'C', PATH: '/usr/local/bin:/usr/bin:/bin' },
  })
  if (error !== undefined || status !== 0) return undefined
  return parseGetfattr(latin1(stdout), latin1(new TextEncoder().encode(target)))
}

/** What `getfattr -d -e hex` prints: `# file: NAME`, `name=0x…` lines, an empty line. Names are octal where not ASCII. */
export function parseGetfattr(text: string, target: string): XattrsByKey {
  const found = new Map<string, Map<string, Uint8Array>>()
  let current: Map<string, Uint8Array> | undefined
  for (const line of text.split('\n')) {
    if (line.startsWith('# file: ')) {
      current = new Map()
      const path = unquoted(line.slice(8))
      found.set(path === target ? '' : path.slice(target.length + 1), current)
      continue
    }
    const equals = line.indexOf('=0x')
    if (equals > 0) current?.set(unquoted(line.slice(0, equals)), bytesOfHex(line.slice(equals + 3)))
    else if (line !== '' && !line.includes('=')) current?.set(unquoted(line), new Uint8Array(0))
  }
  return found
}

function unquoted(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}

function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

/** A text as the key that node:fs would find it under. */
export function keyOfText(text: string): string {
  return latin1(new TextEncoder().encode(text))
}

/** A key as text, for messages. */
export function textOfKey(key: string): string {
  return new TextDecoder().decode(latin1Bytes(key))
}
