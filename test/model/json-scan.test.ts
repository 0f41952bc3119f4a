import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scanJson } from '../../src/model/json-scan.js'

const encoder = new TextEncoder()
const scan = (text: string) => scanJson(encoder.encode(text))

function isParsed(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Whether the whole text is one value to the scan. */
function isScanned(text: string): boolean {
  const { fault, trailing } = scan(text)
  return fault === undefined && trailing === 0
}

describe('the syntax of JSON', () => {
  test.each([
    'null',
    'true',
    ' false ',
    '0',
    '-0.5e+10',
    '""',
    '"\\u00e9\\n"',
    '[]',
    '{}',
    '[1,[2,{"a":[]}]]',
    '\t{"a":1,\r\n"b":{}}',
  ])('takes %j', (text) => {
    expect(isScanned(text)).toBe(true)
  })

  test.each([
    ['', 0],
    ['  ', 2],
    ['tru', 0],
    ['01', 0],
    ['1.', 0],
    ['.5', 0],
    ['+1', 0],
    ['NaN', 0],
    ['"a', 2],
    ['"\t"', 1],
    ['"\\x"', 1],
    ['"\\u12"', 1],
    ['[1,]', 3],
    ['[1 2]', 3],
    ['[', 1],
    ['{', 1],
    ['{"a"}', 4],
    ['{"a":}', 5],
    ['{"a":1,}', 7],
    ["{'a':1}", 1],
    ['{a:1}', 1],
    ['{"a":1]', 6],
    ['\uFEFF{}', 0],
  ])('refuses %j at byte %i', (text, offset) => {
    expect(scan(text).fault).toMatchObject({ offset })
  })

  test('agrees with JSON.parse on any value', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(isScanned(text)).toBe(true)
      }),
    )
  })

  test('agrees with JSON.parse on mutated documents', () => {
    const part = fc.constantFrom(...Array.from('{}[]",:\\0123eE+-.tfnu \n\u0000é'))
    const mutation = fc.tuple(fc.json({ maxDepth: 3 }), fc.nat(), fc.nat(3), fc.array(part, { maxLength: 3 }))
    fc.assert(
      fc.property(mutation, ([text, at, cut, inserted]) => {
        const place = at % (text.length + 1)
        const mutated = text.slice(0, place) + inserted.join('') + text.slice(place + cut)
        // What is no well-formed UTF-16 is no text that could have been encoded.
        if (/[\uD800-\uDFFF]/.test(mutated)) return
        expect([mutated, isScanned(mutated)]).toEqual([mutated, isParsed(mutated)])
      }),
      { numRuns: 5000 },
    )
  })

  test('is read in bytes: text that is no UTF-8 is taken inside strings', () => {
    expect(scanJson(Uint8Array.of(0x22, 0xff, 0xfe, 0x22)).fault).toBeUndefined()
    expect(scanJson(Uint8Array.of(0xff)).fault).toMatchObject({ offset: 0 })
  })
})

describe('what parsers treat differently', () => {
  test('is a key that stands twice, told where it stands again', () => {
    expect(scan('{"a":1,"b":{"a":2},"a":3}').duplicateKeys).toEqual([{ key: 'a', offset: 19 }])
  })

  test('is the same key however it is escaped', () => {
    expect(scan('{"Config":1,"\\u0043onfig":2}').duplicateKeys).toEqual([{ key: 'Config', offset: 12 }])
  })

  test('is not the same key in another object', () => {
    expect(scan('[{"a":1},{"a":2},{"a":{"a":3}}]').duplicateKeys).toEqual([])
  })

  test('is what follows the first value, white space apart', () => {
    expect(scan('{} \n ')).toMatchObject({ end: 2, trailing: 0 })
    expect(scan('{} {}')).toMatchObject({ end: 2, trailing: 2 })
    expect(scan('[]garbage')).toMatchObject({ end: 2, trailing: 7 })
  })
})

describe('hostile documents', () => {
  test.each([
    ['[', 100_000],
    ['{"a":', 50_000],
  ])('of many %j do not overflow the stack', (open, times) => {
    expect(scan(open.repeat(times)).fault?.message).toContain('nested deeper')
  })

  test('may nest as deep as Go allows', () => {
    expect(isScanned('['.repeat(9_999) + ']'.repeat(9_999))).toBe(true)
  })

  test('do not make a list without end of repeated keys', () => {
    expect(scan(`{${'"a":1,'.repeat(5_000)}"a":1}`).duplicateKeys).toHaveLength(20)
  })
})
