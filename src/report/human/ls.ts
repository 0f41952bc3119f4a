import type { EntryReport, LsReport } from '../../model/report.js'
import { visibleBytes, visibleName } from '../escape.js'
import type { Style } from '../presenter.js'
import { tableLines } from '../table.js'
import type { TableLayout } from '../table.js'
import { listingTime } from '../time.js'

const LETTERS: Record<EntryReport['type'], string> = {
  file: '-',
  hardlink: '-',
  symlink: 'l',
  char: 'c',
  block: 'b',
  directory: 'd',
  fifo: 'p',
  unknown: '?',
  whiteout: 'w',
  opaque: 'w',
}
// Mode, owner, group, size, time, name; a layer column stands before them with --all-layers.
const LAYOUT: TableLayout = { least: 0, gap: 1, right: new Set([1, 2, 3]) }
const LAYERED: TableLayout = { least: 0, gap: 1, right: new Set([0, 2, 3, 4]) }

/** A line per entry as `ls -ln` prints it, in UTC; with layers where paths repeat over them. */
export function lsText({ entries, allLayers }: LsReport, _style: Style): Iterable<string> {
  if (!allLayers) return tableLines(each(entries, columns), LAYOUT)
  const rows = each(entries, (entry) => [`${entry.layer}`, ...columns(entry)])
  return tableLines(rows, LAYERED)
}

/** What `made` makes of each entry, anew each time that it is read. */
function each<T>(entries: Iterable<EntryReport>, made: (entry: EntryReport) => T): Iterable<T> {
  return {
    *[Symbol.iterator]() {
      for (const entry of entries) yield made(entry)
    },
  }
}

function columns(entry: EntryReport): string[] {
  const name = entry.pathBytes === undefined ? visibleName(entry.path) : visibleBytes(entry.pathBytes)
  return [
    modeText(entry),
    `${entry.uid}`,
    `${entry.gid}`,
    entry.device ?? `${entry.size}`,
    listingTime(entry.mtime),
    `${name}${target(entry)}`,
  ]
}

function target(entry: EntryReport): string {
  if (entry.type === 'opaque') return ' (opaque)'
  if (entry.linkPath === undefined) return ''
  return entry.type === 'hardlink' ? ` link to ${visibleName(entry.linkPath)}` : ` -> ${visibleName(entry.linkPath)}`
}

/** Type letter and permission bits as `ls -l` writes them, setuid, setgid and sticky included. */
export function modeText({ type, mode }: Pick<EntryReport, 'type' | 'mode'>): string {
  const user = triplet(mode >> 6, (mode & 0o4000) !== 0, 's')
  const group = triplet(mode >> 3, (mode & 0o2000) !== 0, 's')
  const others = triplet(mode, (mode & 0o1000) !== 0, 't')
  return `${LETTERS[type]}${user}${group}${others}`
}

function triplet(bits: number, special: boolean, letter: string): string {
  const execute = (bits & 1) !== 0
  const last = special ? (execute ? letter : letter.toUpperCase()) : execute ? 'x' : '-'
  return `${(bits & 4) !== 0 ? 'r' : '-'}${(bits & 2) !== 0 ? 'w' : '-'}${last}`
}
