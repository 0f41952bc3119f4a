import type { Presenter } from './presenter.js'

// Legal in JSON, yet obeyed by terminals or taken as line ends by JavaScript: DEL, C1, line separators, bidi controls.
const RISKY = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

/** The report as one JSON document, indented by two, keys in the order of docs/json.md. */
export const json: Presenter = {
  name: 'json',
  *present(report) {
    yield* jsonPieces(report, 2)
    yield '\n'
  },
  notices: () => [],
}

/** What `jsonText` gives, in pieces, so that a long document is never in memory as a whole. */
export function* jsonPieces(value: object, indent = 0, margin = ''): Generator<string> {
  const inside = margin + ' '.repeat(indent)
  const [line, colon] = indent === 0 ? ['', ':'] : ['\n', ': ']
  let before = `{${line}`
  for (const [key, part] of Object.entries(value) as [string, unknown][]) {
    // any to unknown
    if (part === undefined) continue
    yield `${before}${inside}${jsonOf(key, 0)}${colon}`
    if (isList(part)) yield* items(part, indent, inside)
    else yield jsonOf(part, indent, inside)
    before = `,${line}`
  }
  yield before.startsWith(',') ? `${line}${margin}}` : '{}'
}

function isList(part: unknown): part is Iterable<unknown> {
  return typeof part === 'object' && part !== null && Symbol.iterator in part
}

// Of a few items each may be most of the document: an archive with its images. Of many none is long, as far as we know.
const FEW = 64

function* items(list: Iterable<unknown>, indent: number, margin: string): Generator<string> {
  const inside = margin + ' '.repeat(indent)
  const line = indent === 0 ? '' : '\n'
  const areFew = Array.isArray(list) && list.length <= FEW
  let before = `[${line}${inside}`
  for (const item of list) {
    if (areFew && typeof item === 'object' && item !== null && !isList(item)) {
      yield before
      yield* jsonPieces(item, indent, inside)
    } else yield `${before}${jsonOf(item, indent, inside)}`
    before = `,${line}${inside}`
  }
  yield before.startsWith('[') ? '[]' : `${line}${margin}]`
}

/** JSON of a part of a document, its lines but the first after a margin. */
function jsonOf(value: unknown, indent: number, margin = ''): string {
  // A list has null where something has no JSON.
  const text = (JSON.stringify(value, null, indent) as string | undefined) ?? 'null'
  const inside = margin === '' || !text.includes('\n') ? text : text.replaceAll('\n', `\n${margin}`)
  return inside.replace(RISKY, escaped)
}

/** A value as JSON that no terminal obeys, indented or on one line. */
export function jsonText(value: object, indent = 0): string {
  return JSON.stringify(value, null, indent).replace(RISKY, escaped)
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}
