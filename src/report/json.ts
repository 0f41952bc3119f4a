import type { Presenter } from './presenter.js'

// Legal in JSON, yet obeyed by terminals or taken as line ends by JavaScript: DEL, C1, line separators, bidi controls.
const RISKY = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

/** The report as one JSON document, indented by two, keys in the order of docs/json.md. */
export const json: Presenter = {
  name: 'json',
  *present(report) {
    yield `${jsonText(report, 2)}\n`
  },
  notices: () => [],
}

/** A value as JSON that no terminal obeys, indented or on one line. */
export function jsonText(value: object, indent = 0): string {
  return JSON.stringify(value, null, indent).replace(RISKY, escaped)
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}
