/** An element of an XML document. */
export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlElement[]
  /** The character data right inside, where there are no children. */
  readonly text: string
}

// XML 1.0, production 2.
const ILLEGAL = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const TAG = /<(\/?)([a-z-]+)((?: [a-z]+="[^"<]*")*)(\/?)>/gy
const TEXT = /[^<]*/gy

interface Open extends XmlElement {
  readonly children: XmlElement[]
  text: string
}

/** Reads a document of elements, attributes and text, as strictly as XML 1.0 wants it. Throws on anything else. */
export function parseXml(document: string): XmlElement {
  if (ILLEGAL.test(document)) throw new Error('a character that XML cannot hold')
  const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
  if (!document.startsWith(declaration)) throw new Error('no XML declaration')
  const body = document.slice(declaration.length)
  const top: Open = { name: '', attributes: {}, children: [], text: '' }
  const open: Open[] = [top]
  for (let at = 0; at < body.length;) {
    TEXT.lastIndex = at
    const text = TEXT.exec(body)?.[0] ?? ''
    const inner = open.at(-1)
    if (inner === undefined) throw new Error('more ends than beginnings')
    inner.text += decoded(text)
    TAG.lastIndex = at += text.length
    if (at === body.length) break
    const tag = TAG.exec(body)
    if (tag === null) throw new Error(`no tag at ${at}: ${body.slice(at, at + 40)}`)
    at += tag[0].length
    const [, ends, name = '', attributes = '', isEmpty] = tag
    if (ends === '/') {
      if (open.pop()?.name !== name) throw new Error(`</${name}> ends something else`)
      continue
    }
    const element: Open = { name, attributes: attributesOf(attributes), children: [], text: '' }
    inner.children.push(element)
    if (isEmpty !== '/') open.push(element)
  }
  const [root] = top.children
  if (root === undefined || top.children.length !== 1 || open.length !== 1) throw new Error('not one root element')
  return root
}

function attributesOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([a-z]+)="([^"]*)"/g)]
  return Object.fromEntries(pairs.map(([, key = '', value = '']): [string, string] => [key, decoded(value)]))
}

function decoded(text: string): string {
  if (text.includes(']]>')) throw new Error(']]> in character data')
  return text.replace(/&([^;]*);?/g, (reference: string, name: string): string => {
    const char = name.startsWith('#') ? String.fromCodePoint(Number(name.slice(1))) : ENTITIES[name]
    if (char === undefined || !reference.endsWith(';')) throw new Error(`no entity: ${reference}`)
    return char
  })
}
