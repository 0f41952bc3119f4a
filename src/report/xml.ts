// XML 1.0, production 2: nothing else may stand in a document, not even as a reference.
const ILLEGAL = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu
const MARKUP: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Text of an XML document: markup escaped, what XML cannot hold shown by a picture of it (U+2400 and on) or U+FFFD. */
export function xmlText(text: string): string {
  return text
    .replace(ILLEGAL, (char) => (char < ' ' ? String.fromCharCode(0x2400 + char.charCodeAt(0)) : '\ufffd'))
    .replace(/[&<>"]/g, (char) => MARKUP[char] ?? char)
}

/** An element on lines of its own; `inside` is XML already. */
export function element(name: string, attributes: Readonly<Record<string, string | number>>, inside = ''): string {
  const head = Object.entries(attributes).map(([key, value]) => ` ${key}="${attribute(String(value))}"`)
  if (inside === '') return `<${name}${head.join('')}/>\n`
  const body = inside.endsWith('>\n') ? `\n${inside}` : inside
  return `<${name}${head.join('')}>${body}</${name}>\n`
}

// Read back, a line end or tab in an attribute would be a space (XML 1.0, 3.3.3).
function attribute(text: string): string {
  return xmlText(text).replace(/[\t\n\r]/g, (char) => `&#${char.charCodeAt(0)};`)
}
