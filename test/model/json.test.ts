import { describe, expect, test } from 'vitest'
import { z } from 'zod/mini'
import { bytesSource } from '../../src/bytes/source.js'
import { DEFAULT_LIMITS } from '../../src/context.js'
import { goMap, goStrings, goStruct, parseJson, readDocument } from '../../src/model/json.js'
import { digest } from '../support/archives.js'

const encoder = new TextEncoder()
const person = goStruct({ Name: z.optional(z.string()), Tags: z.optional(goStrings) })
const parse = (text: string) => parseJson(encoder.encode(text), person, 'a.tar › doc.json')

describe('a struct as Go reads it', () => {
  test.each(['{"Name":"x"}', '{"name":"x"}', '{"NAME":"x"}'])('takes the key in %s', (text) => {
    expect(parse(text).value).toEqual({ Name: 'x' })
  })

  test('lets the later of two spellings count', () => {
    expect(parse('{"Name":"x","name":"y"}').value).toEqual({ Name: 'y' })
    expect(parse('{"name":"y","Name":"x"}').value).toEqual({ Name: 'x' })
  })

  test('takes null for absent, and ignores other keys', () => {
    expect(parse('{"Name":null,"__proto__":{"Name":"evil"},"constructor":1}').value).toEqual({})
  })

  test('takes null in a list of strings for an empty one', () => {
    expect(parse('{"Tags":["a",null]}').value).toEqual({ Tags: ['a', ''] })
  })

  test.each(['null', '[]', '"x"', '1'])('refuses %s', (text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'ERR_DOCUMENT' }))
  })

  test('refuses a field of another type, and names it', () => {
    expect(() => parse('{"Tags":"x"}')).toThrow(
      expect.objectContaining({
        code: 'ERR_DOCUMENT',
        location: 'a.tar › doc.json',
        message: expect.stringContaining('Tags') as string,
      }),
    )
  })
})

describe('a document', () => {
  test('keeps its bytes, which make its digest', () => {
    const bytes = encoder.encode('{ "Name" : "x" }\n')
    const document = parseJson(bytes, person, 'x')
    expect(document.bytes).toBe(bytes)
    expect(document.digest).toBe(digest(bytes))
  })

  test('is its first value; what follows is counted', () => {
    expect(parse('{"Name":"x"} {"Name":"y"}')).toMatchObject({ value: { Name: 'x' }, scan: { trailing: 12 } })
  })

  test('that is broken is refused with the place of the fault', () => {
    expect(() => parse('{"Name":"x",}')).toThrow(expect.objectContaining({ code: 'ERR_JSON', offset: 12 }))
  })

  test('over the limit is not read', async () => {
    const source = bytesSource(new Uint8Array(11), 'doc.json')
    await expect(readDocument(source, { ...DEFAULT_LIMITS, json: 10 })).rejects.toMatchObject({ code: 'ERR_LIMIT' })
    await expect(readDocument(source, { ...DEFAULT_LIMITS, json: 11 })).resolves.toHaveLength(11)
  })

  test.each([
    ['values', `[${'1,'.repeat(64)}1]`, false],
    ['one value less', `[${'1,'.repeat(63)}1]`, true],
    ['commas in texts', `["${String.raw`\",`.repeat(64)}"]`, true],
  ])('of 1024 bytes has at most 64 values: %s', async (_, text, isRead) => {
    const reading = readDocument(bytesSource(encoder.encode(text), 'doc.json'), { ...DEFAULT_LIMITS, json: 1024 })
    const refusal = { code: 'ERR_LIMIT', message: 'a document of more than 64 values', location: 'doc.json' }
    await (isRead ? expect(reading).resolves.toBeDefined() : expect(reading).rejects.toMatchObject(refusal))
  })
})

test('a map keeps every key, whatever it is called', () => {
  const schema = goMap(z.number())
  const { value } = parseJson(encoder.encode('{"__proto__":1,"b":2}'), schema, 'x')
  expect([...value]).toEqual([
    ['__proto__', 1],
    ['b', 2],
  ])
})

test('zod stays as it is for whoever uses the library beside it', () => {
  parse('{}')
  expect(z.config().jitless).toBeUndefined()
})
