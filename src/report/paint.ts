/** The roles that colour has in reports. */
export type Ink = 'good' | 'bad' | 'warn' | 'note' | 'strong' | 'faint'

// Select Graphic Rendition of ECMA-48: green, red, yellow, cyan, bold, faint; each with what ends it.
const CODES: Record<Ink, readonly [number, number]> = {
  good: [32, 39],
  bad: [31, 39],
  warn: [33, 39],
  note: [36, 39],
  strong: [1, 22],
  faint: [2, 22],
}

/** Text in an ink, or as it is where there is no colour. */
export type Paint = (ink: Ink, text: string) => string

/** The paint for output with or without colour. */
export function paintFor(color: boolean): Paint {
  if (!color) return (_ink, text) => text
  return (ink, text) => `\u001b[${CODES[ink][0]}m${text}\u001b[${CODES[ink][1]}m`
}
