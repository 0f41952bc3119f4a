import type { ImageArchive, Image } from '../../model/image.js'
import { formatPlatform } from '../../model/platform.js'
import type { DiffReport } from '../../model/report.js'
import { describeFinding } from '../describe.js'
import { nameOf, readable } from '../list-rows.js'
import type { FieldPair, FileChange } from './files.js'
import type { DiffSide, ImageDiff } from './index.js'

/** What the report of a diff carries beside its envelope. */
export type Diffed = Omit<DiffReport, 'schema' | 'tool' | 'ok' | 'shown'>

/** One image and the archive it came from. */
export interface Opened {
  readonly archive: Pick<ImageArchive, 'location' | 'format' | 'findings'>
  readonly image: Image
}

/** A diff as reports carry it. */
export function describeDiff(diff: ImageDiff, a: Opened, b: Opened): Diffed {
  const { packages } = diff
  const nameIn = shownNames()
  const files = diff.files.map((change) => fileRow(change, nameIn(change), packages.folded.get(change)))
  return {
    equal: diff.equal,
    whole: diff.a.tree.whole && diff.b.tree.whole,
    a: sideRow(diff.a, a),
    b: sideRow(diff.b, b),
    summary: summaryOf(diff, files),
    files,
    config: [...diff.config],
    history: diff.history.map((change) => ({ ...change, fields: { ...change.fields } })),
    names: { a: [...diff.names.a], b: [...diff.names.b] },
    layers: diff.layers.map((pair) => ({ ...pair })),
    packages: packages.changes.map((change) => ({ ...change })),
    growth: growthOf(diff.files),
    ignored: diff.ignored,
    notCompared: [...diff.notCompared],
    ...(diff.content && { content: diff.content }),
    findings: [...a.archive.findings, ...b.archive.findings, ...diff.findings].map(describeFinding),
  }
}

function sideRow(side: DiffSide, { archive, image }: Opened): DiffReport['a'] {
  const stored = image.layers.map((layer) => layer.blob?.size ?? layer.claims.size)
  const size = stored.reduce<number>((sum, one) => sum + (one ?? 0), 0)
  return {
    archive: archive.location,
    format: archive.format,
    imageID: side.identity.imageID ?? null,
    platform: formatPlatform(image.platform),
    names: [...image.names],
    layers: image.layers.length,
    entries: side.entries,
    size: stored.includes(undefined) ? null : size,
    diffSize: side.tree.layers.reduce((sum, layer) => sum + (layer?.diffSize ?? 0), 0),
    contentSize: side.contentSize,
    rootfsDigest: side.rootfsDigest ?? null,
  }
}

type FileRow = DiffReport['files'][number]
type ShownName = Pick<FileRow, 'path' | 'pathBytes'>

/** Names as reports carry them; those of one directory share its text, which makes each a third as large. */
function shownNames(): (change: FileChange) => ShownName {
  let [directory, prefix] = ['', '/']
  return (change) => {
    if (!ASCII.test(change.name) || !ASCII.test(change.directory)) return nameOf(change.path)
    if (change.directory !== directory) {
      directory = change.directory
      prefix = directory === '' ? '/' : `/${directory}/`
    }
    return { path: prefix + change.name }
  }
}

const ASCII = /^[^\u0080-\uffff]*$/

function fileRow(change: FileChange, name: ShownName, owner: string | undefined): FileRow {
  const { type, size } = (change.b ?? change.a)?.inode ?? { type: 'file', size: 0 }
  const from = change.from === undefined ? undefined : nameOf(change.from)
  // Most rows are of this one shape; there may be many.
  const row: FileRow = { path: name.path, change: change.change, type, size, fields: readableFields(change.fields) }
  if (name.pathBytes === undefined && from === undefined && owner === undefined) return row
  return {
    ...name,
    change: row.change,
    type,
    size,
    ...(from && { from: from.path }),
    ...(from?.pathBytes !== undefined && { fromBytes: from.pathBytes }),
    fields: row.fields,
    ...(owner !== undefined && { package: owner }),
  }
}

const NEEDS_READING = /^(?:hardlink$|linkPath$|xattr:)/

function readableFields(fields: FileChange['fields']): FileChange['fields'] {
  const names = Object.keys(fields)
  if (!names.some((name) => NEEDS_READING.test(name))) return fields
  return Object.fromEntries(Object.entries(fields).map(([name, pair]) => [name, readablePair(name, pair)]))
}

function readablePair(name: string, { a, b }: FieldPair): FieldPair {
  return { a: readableValue(name, a), b: readableValue(name, b) }
}

// Attributes hold any bytes: those that are no text are shown in base64.
function readableValue(name: string, value: FieldPair['a']): FieldPair['a'] {
  if (typeof value !== 'string') return value
  if (name === 'hardlink') return `/${readable(value)}`
  if (name === 'linkPath') return readable(value)
  if (!name.startsWith('xattr:')) return value
  const text = readable(value)
  return /[\p{Cc}\ufffd]/u.test(text) ? `base64:${btoa(value)}` : text
}

function summaryOf(diff: ImageDiff, files: DiffReport['files']): DiffReport['summary'] {
  const counts = { added: 0, removed: 0, modified: 0, renamed: 0 }
  const fields = new Map<string, number>()
  for (const file of files) {
    counts[file.change] += 1
    if (file.change !== 'modified') continue
    for (const name of Object.keys(file.fields)) fields.set(name, (fields.get(name) ?? 0) + 1)
  }
  const { changes } = diff.packages
  const layers = (kinds: readonly string[]) => diff.layers.filter(({ change }) => kinds.includes(change)).length
  const gone = changes.filter(({ change }) => change === 'removed').length
  const come = changes.filter(({ change }) => change === 'added').length
  return {
    files: counts,
    folded: files.filter((file) => file.package !== undefined).length,
    fields: Object.fromEntries([...fields].sort(([a], [b]) => (a < b ? -1 : 1))),
    config: diff.config.length,
    history: diff.history.length,
    names: diff.names.a.length + diff.names.b.length,
    packages: { added: come, removed: gone, changed: changes.length - come - gone },
    layers: {
      same: layers(['same', 'recompressed']),
      changed: layers(['modified', 'unreadable']),
      added: layers(['added']),
      removed: layers(['removed']),
    },
  }
}

const MOST_GROWTH = 20

/** Files that grew or shrank most, largest change first. */
function growthOf(files: readonly FileChange[]): DiffReport['growth'] {
  let most: Growth[] = []
  let least = 1
  for (const file of files) {
    const sizes = { a: file.a?.inode.size ?? 0, b: file.b?.inode.size ?? 0 }
    if (Math.abs(sizes.b - sizes.a) < least) continue
    most.push({ path: file.path, ...sizes })
    if (most.length <= 50 * MOST_GROWTH) continue
    most = largest(most)
    const last = most.at(-1)
    least = last === undefined ? least : Math.abs(last.b - last.a)
  }
  return largest(most).map((one) => ({ ...one, path: nameOf(one.path).path }))
}

type Growth = DiffReport['growth'][number]

function largest(growths: readonly Growth[]): Growth[] {
  const sorted = [...growths].sort((x, y) => Math.abs(y.b - y.a) - Math.abs(x.b - x.a) || (x.path < y.path ? -1 : 1))
  return sorted.slice(0, MOST_GROWTH)
}
