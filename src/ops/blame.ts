import { digestOf, hexOf } from '../bytes/digest.js'
import type { RunContext } from '../context.js'
import { ArchiveError } from '../errors.js'
import type { Finding } from '../findings.js'
import { findingLog } from '../model/finding-log.js'
import type { Image } from '../model/image.js'
import type { BlameReport } from '../model/report-waste.js'
import { latin1, latin1Of } from '../tar/path.js'
import { mergedTree } from '../tree/merged.js'
import type { Inode } from '../tree/node.js'
import { readFiles } from '../tree/read-files.js'
import { lookup } from '../tree/resolve.js'
import type { Located } from '../tree/tree.js'
import { historyOfLayers } from './history-steps.js'
import { nameOf, readable, secondsOf } from './list-rows.js'

/** What the report carries beside its envelope and the archive. */
export interface Blame {
  readonly path: string
  readonly versions: BlameReport['versions']
  readonly found: readonly Finding[]
}

interface Version {
  readonly layer: number
  readonly before: Located | undefined
  readonly after: Located | undefined
}

/**
 * What each layer made of a path, base first, with the step of the history behind it: layers that left it alone are left
 * out. Links on the way are followed as they stood at that layer, the last name is taken as it is. Errors: ERR_NOT_FOUND
 * for a path that no layer ever had, and those of mergedTree.
 */
export async function blame(image: Image, archive: string, path: string, context: RunContext): Promise<Blame> {
  const log = findingLog(archive)
  const name = latin1Of(path)
  const versions: Version[] = []
  let before: Located | undefined
  await mergedTree(image.layers, log, context, {
    applied({ index }, tree) {
      const after = lookup(tree, name, false)
      if (after?.node !== before?.node || after?.path !== before?.path) versions.push({ layer: index, before, after })
      before = after
    },
  })
  if (versions.length === 0) {
    throw new ArchiveError('ERR_NOT_FOUND', `no layer of the image ever had ${path}`, {
      location: archive,
      hint: `imgtar ls ${archive} --all-layers lists all that its layers hold`,
    })
  }
  const hashes = await hashesOf(image, versions, context)
  const steps = historyOfLayers(image)
  const rows = versions.map((version) => rowOf(version, hashes, steps[version.layer]))
  return { path, versions: rows, found: log.findings }
}

async function hashesOf(
  image: Image,
  versions: readonly Version[],
  context: RunContext,
): Promise<ReadonlyMap<Inode, string>> {
  const files = versions.flatMap(({ after }) => (after?.node.inode.type === 'file' ? [after] : []))
  const hashes = new Map<Inode, string>()
  const onFile = ({ node }: Located, content: Uint8Array): void => {
    hashes.set(node.inode, hexOf(digestOf(content)))
  }
  await readFiles({ layers: image.layers, files, most: context.limits.json * 16, onFile }, context)
  return hashes
}

type Row = BlameReport['versions'][number]

function rowOf(
  { layer, before, after }: Version,
  hashes: ReadonlyMap<Inode, string>,
  step: { readonly created?: string | undefined; readonly created_by?: string | undefined } | undefined,
): Row {
  const inode = after?.node.inode
  const sha256 = inode === undefined ? undefined : hashes.get(inode)
  return {
    layer,
    change: changeOf(before?.node.inode, inode, hashes),
    createdBy: step?.created_by ?? null,
    created: step?.created ?? null,
    ...(after !== undefined && inode !== undefined && { entry: entryOf(after, inode, sha256) }),
  }
}

function entryOf({ path }: Located, inode: Inode, sha256: string | undefined): NonNullable<Row['entry']> {
  const { type, mode, uid, gid, size, mtimeNs, linkPath } = inode
  return {
    ...nameOf(path),
    type,
    mode,
    uid,
    gid,
    size,
    mtime: secondsOf(mtimeNs),
    ...(linkPath !== '' && { linkPath: readable(linkPath) }),
    ...(sha256 !== undefined && { sha256 }),
  }
}

function changeOf(
  before: Inode | undefined,
  after: Inode | undefined,
  hashes: ReadonlyMap<Inode, string>,
): Row['change'] {
  if (after === undefined) return 'deleted'
  if (before === undefined) return 'added'
  const isSameThing =
    before.type === after.type && before.linkPath === after.linkPath && hashes.get(before) === hashes.get(after)
  if (!isSameThing || before.size !== after.size) return 'replaced'
  const { mode, uid, gid, mtimeNs } = before
  const isUntouched =
    mode === after.mode &&
    uid === after.uid &&
    gid === after.gid &&
    mtimeNs === after.mtimeNs &&
    xattrsText(before) === xattrsText(after)
  return isUntouched ? 'rewritten' : 'metadata'
}

function xattrsText({ xattrs }: Inode): string {
  return JSON.stringify([...xattrs].map(([name, value]) => [name, latin1(value)]).sort())
}
