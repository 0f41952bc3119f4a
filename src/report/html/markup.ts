/** A piece of HTML. Only this file makes one of text, so that no name in an archive becomes markup. */
export interface Markup {
  readonly html: string
}

/** What stands in a line: markup, or text that is shown as it is. */
export type Inline = Markup | string

/** Attributes of an element; those that are undefined are left out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>

const REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** An element with what stands in it. */
export function element(name: string, attributes: Attributes, ...inside: readonly Inline[]): Markup {
  return { html: `${opening(name, attributes)}${inside.map(htmlOf).join('')}</${name}>` }
}

/** An element without end tag or content (HTML, 13.1.2: void elements). */
export function voidElement(name: string, attributes: Attributes): Markup {
  return { html: opening(name, attributes) }
}

/** An element around more than should be in memory at once, each piece on a line of its own. */
export function* block(name: string, attributes: Attributes, inside: Iterable<Markup>): Generator<Markup> {
  yield { html: opening(name, attributes) }
  yield* inside
  yield { html: `</${name}>` }
}

/** The content of a style element: not text of an archive, and without its end tag. */
export function styleSheet(css: string): Markup {
  return { html: `<style>${css}</style>` }
}

function opening(name: string, attributes: Attributes): string {
  const given = Object.entries(attributes).filter(([, value]) => value !== undefined)
  return `<${name}${given.map(([key, value]) => ` ${key}="${escaped(`${value ?? ''}`)}"`).join('')}>`
}

function htmlOf(inline: Inline): string {
  return typeof inline === 'string' ? escaped(inline) : inline.html
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => REFERENCES[char] ?? char)
}
