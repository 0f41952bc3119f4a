import { createHash } from 'node:crypto'
import { hexOfBytes } from '../bytes/hex.js'
import { latin1Of } from '../tar/path.js'
import type { TreeNode } from '../tree/node.js'
import { walkTree } from '../tree/tree.js'
import { isAddedByExport, isTouchedByExport } from './docker-export.js'
import { viewOf, type Side, type View } from './facts.js'
import { pathFilter } from './path-patterns.js'
import type { Tolerances } from './tolerances.js'

/** The first line of the list: its version, and what was left out of it. */
export function rootfsProfile({ profile, fileTimestamps, ignore = [] }: Tolerances): string {
  const parts = [
    'imgtar-rootfs/1',
    ...(profile === undefined ? [] : [`profile=${profile}`]),
    ...(fileTimestamps === true ? ['mtime=ignored'] : []),
    ...ignore.map((pattern) => `ignore=${encoded(latin1Of(pattern))}`),
  ]
  return parts.join(' ')
}

/**
 * The canonical list of a root filesystem (docs/rootfs-digest.md), without line ends: the profile, then a line for every
 * path in the order of `docker export`. Equal lists mean equal root filesystems, whatever the layers.
 */
export function* rootfsLines(side: Side, tolerances: Tolerances): Generator<string> {
  yield rootfsProfile(tolerances)
  const view = viewOf(tolerances)
  const excluded = pathFilter(tolerances.ignore ?? [])
  const isExport = tolerances.profile === 'docker-export'
  for (const { path, node } of walkTree(side.tree)) {
    if (isExport && (isAddedByExport(path) || isTouchedByExport(path))) continue
    if (excluded(path, node.inode.type === 'directory')) continue
    yield lineOf(path, node, { side, view, withTimes: tolerances.fileTimestamps !== true })
  }
}

const BATCH = 64 * 1024

/** sha256 of the lines, each with its line end; undefined where a layer could not be read or was not hashed. */
export function rootfsDigest(side: Side, tolerances: Tolerances): string | undefined {
  if (!side.whole || !side.allHashed) return undefined
  const hash = createHash('sha256')
  let batch = ''
  for (const line of rootfsLines(side, tolerances)) {
    batch += `${line}\n`
    if (batch.length < BATCH) continue
    hash.update(batch, 'latin1')
    batch = ''
  }
  return `sha256:${hash.update(batch, 'latin1').digest('hex')}`
}

interface Lines {
  readonly side: Side
  readonly view: View
  readonly withTimes: boolean
}

/** type mode uid gid mtime size sha256 target hardlink xattrs path; `-` where there is none. */
function lineOf(path: string, node: TreeNode, { side, view, withTimes }: Lines): string {
  const { inode } = node
  const first = side.links.get(inode)
  const hash = side.hashOf(inode)
  const fields = [
    inode.type,
    inode.mode.toString(8).padStart(4, '0'),
    inode.uid,
    inode.gid,
    (withTimes ? view.mtime(path, node) : null) ?? '-',
    inode.type === 'file' ? inode.size : '-',
    hash === undefined ? '-' : hexOfBytes(hash),
    targetOf(node),
    first === undefined || first === path ? '-' : `/${encoded(first)}`,
    xattrsText(view.xattrs(inode)),
    `/${encoded(path)}`,
  ]
  return fields.join(' ')
}

function targetOf({ inode }: TreeNode): string {
  switch (inode.type) {
    case 'symlink':
      return encoded(inode.linkPath)
    case 'char':
    case 'block':
      return `${inode.devMajor},${inode.devMinor}`
    case 'file':
    case 'directory':
    case 'fifo':
      return '-'
  }
}

function xattrsText(xattrs: ReadonlyMap<string, Uint8Array>): string {
  if (xattrs.size === 0) return '-'
  const pairs = Array.from(xattrs, ([name, value]) => `${encoded(latin1Of(name))}=${hexOfBytes(value)}`)
  return pairs.sort().join(',')
}

const PLAIN = /^[!-$&-+\--<>-~]*$/
const OTHERS = /[^!-$&-+\--<>-~]/g

/** Bytes other than visible ASCII, and `%`, `,` and `=`, as `%` and two hex digits. */
function encoded(text: string): string {
  if (PLAIN.test(text)) return text
  return text.replace(OTHERS, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
