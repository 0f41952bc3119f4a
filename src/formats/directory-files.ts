import { lstat, readdir, readlink, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileSource, type OpenSource } from '../bytes/source.js'
import { toArchiveError } from '../errors.js'
import { latin1Bytes } from '../tar/path.js'
import type { FileSet, Resolution } from './files.js'

const MOST_HOPS = 40
const decoder = new TextDecoder()

/** The files below a directory of the system; links are followed as long as they stay inside. Files stay open until disposal. */
export async function directoryFiles(directory: string, location = directory): Promise<FileSet> {
  // As it was named: the path from the root of the system may have bytes that no text can hold.
  const root = directory
  await stat(root).catch((cause: unknown) => {
    throw toArchiveError(cause, { location })
  })
  const open = new Map<string, OpenSource>()
  return {
    location,
    findings: [],
    resolve: (path) => resolveIn(root, path, open, location),
    list: (path) => listIn(root, path),
    async [Symbol.asyncDispose]() {
      for (const source of open.values()) await source[Symbol.asyncDispose]()
    },
  }
}

/** A key as a name of the system; documents only ever name what is valid UTF-8. */
function nameOf(key: string): string {
  return decoder.decode(latin1Bytes(key))
}

async function resolveIn(
  root: string,
  key: string,
  open: Map<string, OpenSource>,
  location: string,
): Promise<Resolution> {
  const inside = await walkLinks(root, nameOf(key))
  if (typeof inside !== 'string') return inside
  const known = open.get(inside)
  if (known !== undefined) return { kind: 'file', file: { source: known, path: key } }
  const status = await lstat(join(root, inside)).catch(() => undefined)
  if (status === undefined) return { kind: 'missing' }
  if (!status.isFile()) return { kind: 'broken', code: 'MEMBER_LINK_BROKEN', message: `${key} is no regular file` }
  const source = await fileSource(join(root, inside), `${location} › ${nameOf(key)}`)
  open.set(inside, source)
  return { kind: 'file', file: { source, path: key } }
}

/** The path below `root` that a path leads to when links are followed component by component. */
async function walkLinks(root: string, path: string): Promise<string | Resolution> {
  const done: string[] = []
  const todo = path.split('/').reverse()
  let hops = 0
  for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
    if (part === '' || part === '.') continue
    if (part === '..') {
      if (done.pop() === undefined) return escapes(path)
      continue
    }
    const target = await readlink(join(root, ...done, part)).catch(() => undefined)
    if (target === undefined) {
      done.push(part)
      continue
    }
    hops += 1
    if (target.startsWith('/')) return escapes(path)
    if (hops > MOST_HOPS)
      return { kind: 'broken', code: 'MEMBER_LINK_BROKEN', message: `${path} goes round in a circle of links` }
    for (const one of target.split('/').reverse()) todo.push(one)
  }
  return done.join('/')
}

function escapes(path: string): Resolution {
  return { kind: 'broken', code: 'MEMBER_LINK_ESCAPES', message: `${path} is a link that leaves the directory` }
}

async function listIn(root: string, key: string): Promise<readonly string[]> {
  const inside = await walkLinks(root, nameOf(key))
  if (typeof inside !== 'string') return []
  const names = await readdir(join(root, inside)).catch(() => [])
  return names.sort()
}
