import stringWidth from 'fast-string-width'

/** How a table is set: the least width of a cell with its gap, the gap, and the columns that are aligned to the right. */
export interface TableLayout {
  readonly least: number
  readonly gap: number
  readonly right?: ReadonlySet<number>
}

/** As docker's tables: columns at least 10 wide, 3 apart. */
export const DOCKER_TABLE: TableLayout = { least: 10, gap: 3 }

/** Columns as wide as what is in them, 2 apart. */
export const TIGHT_TABLE: TableLayout = { least: 0, gap: 2 }

/** Rows as lines of columns; the last column is left as it is. */
export function table(rows: readonly (readonly string[])[], layout: TableLayout): string[] {
  return [...tableLines(rows, layout)]
}

/** `table` for rows that may be too many to be held: they are read twice. */
export function* tableLines(rows: Iterable<readonly string[]>, layout: TableLayout): Generator<string, void> {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, stringWidth(cell))
    })
  }
  for (const row of rows) yield row.map((cell, column) => pad(cell, column, row.length - 1)).join('')

  function pad(cell: string, column: number, last: number): string {
    const isRight = layout.right?.has(column) === true
    if (column === last && !isRight) return cell
    const width = widths[column] ?? 0
    const blank = width - stringWidth(cell)
    if (isRight) return `${' '.repeat(blank)}${cell}${column === last ? '' : ' '.repeat(layout.gap)}`
    return `${cell}${' '.repeat(Math.max(blank + layout.gap, layout.least - width + blank))}`
  }
}

/** Text cut to `most` columns with `…` at its end, as docker cuts CREATED BY. */
export function ellipsis(text: string, most: number): string {
  if (stringWidth(text) <= most) return text
  let kept = ''
  let width = 0
  for (const char of text) {
    width += stringWidth(char)
    if (width > most - 1) break
    kept += char
  }
  return `${kept}…`
}

/** Text cut to `most` columns, at least 1, with `…` in its middle: both ends of a path tell what it is. */
export function middleEllipsis(text: string, most: number): string {
  if (stringWidth(text) <= most) return text
  const end = lastColumns(text, Math.ceil((most - 1) / 2))
  return `${ellipsis(text, most - stringWidth(end))}${end}`
}

function lastColumns(text: string, most: number): string {
  let kept = ''
  let width = 0
  for (const char of Array.from(text).reverse()) {
    width += stringWidth(char)
    if (width > most) break
    kept = char + kept
  }
  return kept
}
