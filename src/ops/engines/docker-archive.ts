import { posix } from 'node:path'
import type { ByteSource } from '../../bytes/source.js'
import type { LoadMember } from '../../model/load-view.js'
import { emptyDirectory, isFault, lookUp, type DiskDirectory, type DiskNode } from './disk.js'
import { brokenWords, untarWords, type DockerRules } from './docker-rules.js'
import { rawWords, tarWords } from './layer-facts.js'
import { Stop, type Given } from './prediction.js'
import { unpack, type UntarEntry } from './untar.js'

const TMP = '/var/lib/docker/tmp/docker-import'

/** The archive as it lies in the temporary directory of a load. */
export interface Extracted {
  /** What a path of a document leads to. Errors: Stop. */
  file(path: string): ByteSource
  readonly root: DiskDirectory
}

/** Takes the compression off and extracts the archive (FORMATS 2.4). Errors: Stop. */
export function extract({ view }: Given, rules: DockerRules): Extracted {
  const [peel, second] = view.peels
  const told = (message: string) => new Stop(untarWords(rules, message, 'archive'))
  if (peel?.compression === 'zstd' && !rules.zstd) throw told(rawWords(512) ?? '')
  if (second !== undefined) throw told('archive/tar: invalid tar header')
  if (peel?.problem === 'checksum' && rules.checksum === 'refused') {
    throw new Stop(
      'Error processing tar file(exit status 1: unpigz: skipping: <stdin>: corrupted -- crc32 mismatch\n): ',
    )
  }
  const root = emptyDirectory()
  const words = unpack(root, entriesOf(view.members), { whiteouts: 'plain', dialect: rules.dialect })
  if (words !== undefined) throw told(words)
  // Since 23 nobody reads on behind the end of the tar.
  const isEnded = !rules.wraps && view.end.marker === 'two-zero-blocks'
  if (peel?.problem === 'broken' && !isEnded) throw told(brokenWords(rules, peel.compression))
  if (view.end.fault !== undefined) throw told(tarWords(view.end.fault))
  return { root, file: (path) => fileAt(root, path) }
}

// One at a time: there may be ever so many, and no engine keeps them.
function* entriesOf(members: readonly LoadMember[]): Generator<UntarEntry> {
  for (const member of members) yield { ...member, content: member }
}

/** A path of a document, its links followed without leaving the directory. */
function fileAt(root: DiskDirectory, path: string): ByteSource {
  const full = posix.join(TMP, path)
  if (full !== TMP && !full.startsWith(`${TMP}/`)) throw new Stop(`evalSymlinksInScope: ${full} is not in ${TMP}`)
  const inside = followInScope(root, full.slice(TMP.length))
  if (inside === undefined) throw new Stop(`evalSymlinksInScope: too many links in ${full}`)
  const shown = posix.join(TMP, inside)
  const found = lookUp(root, inside, 'all')
  if (isFault(found)) throw new Stop(`open ${shown}: ${found}`)
  if (found.node === undefined) throw new Stop(`open ${shown}: no such file or directory`)
  return contentOf(found.node, shown)
}

// moby/sys/symlink, FollowSymlinkInScope: 255 links, absolute ones start at the directory, missing names stay.
const MOST_LINKS = 255

function followInScope(root: DiskDirectory, path: string): string | undefined {
  const done: string[] = []
  const todo = path.split('/').reverse()
  let links = 0
  for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
    if (part === '' || part === '.') continue
    if (part === '..') {
      done.pop()
      continue
    }
    const found = lookUp(root, [...done, part].join('/'), 'parents')
    if (isFault(found) || found.node?.kind !== 'symlink') {
      done.push(part)
      continue
    }
    links += 1
    if (links > MOST_LINKS) return undefined
    if (found.node.target.startsWith('/')) done.length = 0
    for (const one of found.node.target.split('/').reverse()) todo.push(one)
  }
  return done.join('/')
}

function contentOf(node: DiskNode, shown: string): ByteSource {
  if (node.kind === 'directory') throw new Stop(`read ${shown}: is a directory`)
  // Nobody ever writes into the pipe that docker then reads from.
  if (node.kind === 'special' && node.type === 'fifo') throw new Stop(`open ${shown}: blocks for ever`, 'hangs')
  if (node.kind !== 'file') throw new Stop(`open ${shown}: no such device or address`)
  // The extraction of this file put the members themselves there.
  const { source } = node.content as LoadMember
  if (source === undefined) throw new Stop('unexpected EOF')
  return source
}
