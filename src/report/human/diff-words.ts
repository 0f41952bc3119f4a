import { count } from '../../errors.js'
import type { DiffReport } from '../../model/report.js'
import { visible, visibleBytes, visibleName } from '../escape.js'
import { sizeInWords } from '../size.js'
import { listingTime } from '../time.js'

type FileRow = DiffReport['files'][number]
type Field = FileRow['fields'][string]
type PackageRow = DiffReport['packages'][number]

/** The path of a change as people see it. */
export function pathInWords({ path, pathBytes }: Pick<FileRow, 'path' | 'pathBytes'>): string {
  return pathBytes === undefined ? visibleName(path) : visibleBytes(pathBytes)
}

/** What is different about a path: `content, 12 -> 20 bytes`, `mode 0644 -> 0755`; a time with its values only where it is alone. */
export function fieldsInWords({ fields }: Pick<FileRow, 'fields'>): string {
  const names = Object.keys(fields)
  const words = Object.entries(fields).flatMap(([name, pair]) => {
    if (name === 'mtime' && names.length > 1) return ['mtime']
    // The type says it: what a directory has not is no news.
    if ('type' in fields && (name === 'size' || name === 'sha256' || name === 'linkPath')) return []
    if (name === 'size' && 'sha256' in fields) return []
    return [fieldInWords(name, pair, fields.size)]
  })
  return words.join(', ')
}

function fieldInWords(name: string, pair: Field, size: Field | undefined): string {
  const both = (show: (value: Field['a']) => string) => `${show(pair.a)} -> ${show(pair.b)}`
  switch (name) {
    case 'mode':
      return `mode ${both((mode) => (typeof mode === 'number' ? mode.toString(8).padStart(4, '0') : '-'))}`
    case 'sha256':
      return size === undefined ? 'content' : `content ${sizesInWords(size)}`
    case 'mtime':
      return `mtime ${timesInWords(pair)}`
    case 'linkPath':
      return `link ${both((link) => (link === null ? 'none' : visibleName(`${link}`)))}`
    case 'hardlink':
      return `hard link to ${both((link) => (link === null ? 'none' : visibleName(`${link}`)))}`
    default:
      return `${visible(name)} ${both((value) => (value === null ? 'none' : visible(`${value}`)))}`
  }
}

function sizesInWords({ a, b }: Field): string {
  return typeof a === 'number' && typeof b === 'number' ? `${a} -> ${b} bytes` : ''
}

function timesInWords({ a, b }: Field): string {
  const [one, two] = [listingTime(`${a}`), listingTime(`${b}`)]
  // Both in one minute: only the seconds tell.
  return one === two ? `@${a} -> @${b}` : `${one} -> ${two}`
}

/** Counts by kind that are not 0, as `3 added, 1 removed`. */
export function countsOfKinds(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, amount]) => amount > 0)
    .map(([kind, amount]) => `${amount} ${kind}`)
    .join(', ')
}

/** A package with its versions, as `openssl 3.0.2 -> 3.0.13`. */
export function packageInWords({ name, a, b, path }: PackageRow): string {
  const place = path === undefined ? '' : ` in ${visibleName(path)}`
  if (a === null) return `${visible(name)} ${visible(b ?? '')}${place}`
  if (b === null) return `${visible(name)} ${visible(a)}${place}`
  return `${visible(name)} ${visible(a)} -> ${visible(b)}${place}`
}

/** A size with how much it grew, as `1 MB -> 1.2 MB (+200 kB)`. */
export function growthInWords(a: number, b: number): string {
  if (a === b) return sizeInWords(a)
  return `${sizeInWords(a)} -> ${sizeInWords(b)} (${b > a ? '+' : '-'}${sizeInWords(Math.abs(b - a))})`
}

/** A value of the config. */
export function configInWords(value: unknown): string {
  if (value === null || value === undefined) return 'none'
  if (value === true) return 'set'
  return visible(typeof value === 'string' ? value : JSON.stringify(value))
}

/** The name of one side: the archive, and the image where it has a name. */
export function sideInWords({ archive, names }: DiffReport['a']): string {
  const [name] = names
  return name === undefined ? visibleName(archive) : `${visibleName(archive)} (${visible(name)})`
}

/** Why a pair of layers is not the same. */
export function whyInWords(pair: DiffReport['layers'][number]): string {
  const { why, change } = pair
  if (why === undefined) return change === 'modified' ? 'differs' : change
  const { added, removed, modified } = why.files
  if (why.proof === null) {
    const others = why.differs.filter((difference) => difference !== 'files')
    const rest = others.length === 0 ? '' : `, and ${others.join(', ')}`
    return `${count(added + removed + modified, 'file')} differ: ${countsOfKinds({ added, removed, modified })}${rest}`
  }
  const digest = `${why.proof.slice(0, 19)}…`
  const proof = change === 'recompressed' ? `the same diffID, ${digest}` : `equal after normalising, ${digest}`
  return `only ${why.differs.map((difference) => WHY[difference]).join(' and ')} (${proof})`
}

const WHY = {
  compression: 'the compression',
  dialect: 'the tar dialect',
  order: 'the order of entries',
  mtimes: 'mtimes',
  owners: 'owners',
  files: 'files',
}
