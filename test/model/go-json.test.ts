import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { byBytes, goCompact, goList, goObject, goString, goTime, rawMembers } from '../../src/model/go-json.js'

describe('text as Go writes JSON', () => {
  test.each([
    ['<a & b>', '"\\u003ca \\u0026 b\\u003e"'],
    ['\u2028\u2029', '"\\u2028\\u2029"'],
    ['"\\', '"\\"\\\\"'],
    ['\n\r\t\b\f\u0001', '"\\n\\r\\t\\b\\f\\u0001"'],
    ['é\u007f', '"é\u007f"'],
  ])('escapes %j', (text, written) => {
    expect(goString(text)).toBe(written)
  })

  test('tells a nil list from an empty one', () => {
    expect([goList(undefined), goList([]), goList(['a'])]).toEqual(['null', '[]', '["a"]'])
  })

  test('keeps the order of an object', () => {
    expect(
      goObject([
        ['b', '1'],
        ['a', '{}'],
      ]),
    ).toBe('{"b":1,"a":{}}')
  })

  test('is the same value after compaction, with its numbers and order', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const pretty = JSON.stringify(value, null, 2)
        expect(JSON.parse(goCompact(pretty))).toEqual(JSON.parse(pretty))
      }),
    )
    expect(goCompact('{ "b" : 1.50 ,\n"a": "x  y" }')).toBe('{"b":1.50,"a":"x  y"}')
  })
})

describe('members of an object', () => {
  test('are cut out as they stand', () => {
    const text = '{"a":{"x":[1,{"y":"}"}]},"b":"q\\"uo,te","c":12.0,"d":[],"e":null}'
    expect([...rawMembers(text)]).toEqual([
      ['a', '{"x":[1,{"y":"}"}]}'],
      ['b', '"q\\"uo,te"'],
      ['c', '12.0'],
      ['d', '[]'],
      ['e', 'null'],
    ])
  })

  test('are those that JSON.parse finds', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const text = JSON.stringify(value)
        const members = [...rawMembers(text)].map(([key, raw]) => [key, JSON.parse(raw) as unknown])
        const parsed: unknown = JSON.parse(text)
        expect(members).toEqual(Object.entries(parsed ?? {}))
      }),
    )
  })

  test('of a repeated key are the last', () => {
    expect([...rawMembers('{"a":1,"a":2}')]).toEqual([['a', '2']])
  })
})

test.each([
  ['2023-11-07T00:00:00.120000000Z', '2023-11-07T00:00:00.12Z'],
  ['2023-11-07T00:00:00.000Z', '2023-11-07T00:00:00Z'],
  ['2023-11-07T00:00:10Z', '2023-11-07T00:00:10Z'],
  ['1970-01-01T09:00:00.50+09:00', '1970-01-01T09:00:00.5+09:00'],
  [undefined, '0001-01-01T00:00:00Z'],
  ['', '0001-01-01T00:00:00Z'],
])('the time %s is written %s', (time, written) => {
  expect(goTime(time)).toBe(written)
})

test('keys sort by their bytes, not by their UTF-16 units', () => {
  expect(['\u{1F600}', '\uFFFD', 'b', 'B', 'ab', 'a'].sort(byBytes)).toEqual([
    'B',
    'a',
    'ab',
    'b',
    '\uFFFD',
    '\u{1F600}',
  ])
})
