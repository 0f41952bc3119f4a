import { describe, expect, test } from 'vitest'
import { decodeFirst, decodeWhole } from '../../../src/ops/engines/go-syntax.js'
import { listOf, misfit, struct, text, time } from '../../../src/ops/engines/go-types.js'

const bytes = (content: string) => new TextEncoder().encode(content)

describe('a document that is no JSON', () => {
  test.each([
    ['nope', "invalid character 'o' in literal null (expecting 'u')"],
    ['{n}', "invalid character 'n' looking for beginning of object key string"],
    ['[1 2]', "invalid character '2' after array element"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
    ['{"a":', 'unexpected EOF'],
    ['', 'EOF'],
  ])('%j is told as json.Decoder tells it', (content, fault) => {
    expect(decodeFirst(bytes(content))).toEqual({ fault })
  })

  test('may have something behind it for a decoder, and not for Unmarshal', () => {
    expect(decodeFirst(bytes('[] x'))).toEqual({ value: [] })
    expect(decodeWhole(bytes('[] x'))).toEqual({ fault: "invalid character 'x' after top-level value" })
    expect(decodeWhole(bytes('['))).toEqual({ fault: 'unexpected end of JSON input' })
  })
})

describe('a value of another type', () => {
  const item = listOf(struct('item', { Tags: listOf(text), Made: time }), '[]item')
  test.each([
    [{}, 'json: cannot unmarshal object into Go value of type []item'],
    [[{ tags: 'x' }], 'json: cannot unmarshal string into Go struct field item.Tags of type []string'],
    [[{ Made: 'soon' }], 'parsing time "soon" as "2006-01-02T15:04:05Z07:00": cannot parse "soon" as "2006"'],
  ])('%j is told as encoding/json tells it', (value, fault) => {
    expect(misfit(value, item)).toBe(fault)
  })

  test('fits where it is null, or where nobody asks for the key', () => {
    expect(misfit([null, { Tags: null, other: 1 }], item)).toBeUndefined()
  })
})
