import { count } from '../../errors.js'
import type { DiffReport } from '../../model/report.js'
import { detailOf } from '../human/diff-files.js'
import { countsOfKinds, pathInWords } from '../human/diff-words.js'
import { block, element, voidElement, type Markup } from './markup.js'
import { arrows, cut, fold, inked, table, type Column, type Ink, type Row } from './page.js'

type FileRow = DiffReport['files'][number]

const INKS: Readonly<Record<FileRow['change'], Ink>> = {
  added: 'good',
  removed: 'bad',
  modified: 'warn',
  renamed: 'note',
}
const KINDS = ['added', 'removed', 'modified', 'renamed'] as const

/** How to see what a list leaves out. */
export const ALL_HINT = '--all shows them'

const COLUMNS: readonly Column[] = [
  { title: '', kind: 'whole' },
  { title: 'path', kind: 'mono' },
  { title: 'differs' },
  { title: 'package', kind: 'whole' },
]

/** Every path that differs, with a box for each kind of change that hides its rows. */
export function* filesSection({ files, summary, shown }: DiffReport): Generator<Markup> {
  if (files.length === 0) return
  const folded = summary.folded === 0 ? '' : `; ${summary.folded} of them in changed packages`
  const title = `${count(files.length, 'path')}: ${countsOfKinds(summary.files)}${folded}`
  const present = KINDS.filter((kind) => summary.files[kind] > 0)
  yield* block('section', {}, fold(title, inside(present, files, shown.all), { open: '' }))
}

function* inside(kinds: readonly FileRow['change'][], files: readonly FileRow[], all: boolean): Generator<Markup> {
  for (const kind of kinds) {
    const box = voidElement('input', { type: 'checkbox', id: kind, checked: '' })
    yield element('label', { class: 'pick' }, box, ' ', kind)
  }
  yield* table(COLUMNS, cut(files, { all, hint: ALL_HINT }, rowOf))
}

function rowOf(file: FileRow): Row {
  const slash = file.type === 'directory' ? '/' : ''
  const cells = [
    inked(INKS[file.change], file.change),
    `${pathInWords(file)}${slash}`,
    arrows(detailOf(file)),
    file.package ?? '',
  ]
  return { cells, mark: file.change }
}
