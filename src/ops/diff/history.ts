import type { HistoryEntry } from '../../model/config.js'
import type { Ignored, Tolerances } from '../tolerances.js'
import { align, pairLeftovers, turned } from './align.js'
import type { FieldPair } from './files.js'

/** A step that is not the same in both histories. */
export interface HistoryChange {
  readonly change: 'added' | 'removed' | 'modified'
  /** Index of the step, oldest = 0. */
  readonly a: number | null
  readonly b: number | null
  readonly createdBy: string
  readonly fields: Readonly<Record<string, FieldPair>>
}

/** The steps that differ, aligned by what made them, so that one put in does not make all later ones differ. */
export function diffHistories(
  a: readonly HistoryEntry[],
  b: readonly HistoryEntry[],
  tolerances: Tolerances,
  ignored: Ignored,
): HistoryChange[] {
  const identity = ({ created_by = '', empty_layer = false, comment = '' }: HistoryEntry) =>
    JSON.stringify([created_by, empty_layer, comment])
  const [ofA, ofB] = [a.map(identity), b.map(identity)]
  const makesLayer = (step: HistoryEntry | undefined) => step?.empty_layer !== true
  const isTurned = JSON.stringify(ofA) > JSON.stringify(ofB)
  const [one, two, keysOne, keysTwo] = isTurned ? [b, a, ofB, ofA] : [a, b, ofA, ofB]
  const first = align(one.length, two.length, (x, y) => keysOne[x] === keysTwo[y])
  const aligned = pairLeftovers(first, (x, y) => makesLayer(one[x]) === makesLayer(two[y]))
  const steps = turned(aligned, isTurned)
  const changes = steps.flatMap((pair) => changeOf(pair, { a, b }, tolerances, ignored))
  if (tolerances.history !== true || changes.length === 0) return changes
  ignored.add('--ignore-history', 'steps', changes.length)
  return []
}

interface Histories {
  readonly a: readonly HistoryEntry[]
  readonly b: readonly HistoryEntry[]
}

function changeOf(
  pair: { a: number | undefined; b: number | undefined },
  { a, b }: Histories,
  tolerances: Tolerances,
  ignored: Ignored,
): HistoryChange[] {
  const [one, two] = [pair.a === undefined ? undefined : a[pair.a], pair.b === undefined ? undefined : b[pair.b]]
  const places = { a: pair.a ?? null, b: pair.b ?? null, createdBy: (two ?? one)?.created_by ?? '' }
  if (one === undefined) return [{ change: 'added', ...places, fields: {} }]
  if (two === undefined) return [{ change: 'removed', ...places, fields: {} }]
  const fields = fieldsOf(one, two)
  if (tolerances.imageTimestamps === true && fields.delete('created'))
    ignored.add('--ignore-timestamps', 'history times')
  return fields.size === 0 ? [] : [{ change: 'modified', ...places, fields: Object.fromEntries(fields) }]
}

function fieldsOf(one: HistoryEntry, two: HistoryEntry): Map<string, FieldPair> {
  const fields = new Map<string, FieldPair>()
  const add = (name: string, a: string | undefined, b: string | undefined) => {
    if ((a ?? '') !== (b ?? '')) fields.set(name, { a: a ?? null, b: b ?? null })
  }
  add('createdBy', one.created_by, two.created_by)
  add('created', one.created, two.created)
  add('author', one.author, two.author)
  add('comment', one.comment, two.comment)
  add('emptyLayer', `${one.empty_layer === true}`, `${two.empty_layer === true}`)
  return fields
}
