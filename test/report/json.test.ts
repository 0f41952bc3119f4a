import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LsReport } from '../../src/model/report.js'
import { json, jsonPieces, jsonText } from '../../src/report/json.js'

const style = { color: false, full: false, now: new Date(0) }

function report(path: string): LsReport {
  return {
    schema: 'imgtar/ls/v1',
    tool: { name: 'imgtar', version: '0.0.0' },
    ok: true,
    archive: 'a.tar',
    imageID: null,
    allLayers: false,
    entries: [{ path, type: 'file', mode: 0o644, uid: 0, gid: 0, size: 1, mtime: '0', xattrs: [], layer: 0 }],
    findings: [],
  }
}

test('is one document that loses nothing', () => {
  const given = report('/a\u2028b\u202ec\u009bd\ne')
  const text = [...json.present(given, style)].join('')
  expect(JSON.parse(text)).toEqual(given)
})

test('holds nothing that a terminal obeys', () => {
  const text = [...json.present(report('/\u001b[2J\u2028\u2029\u202e\u009b\u007f\ufeff'), style)].join('')
  expect(text.replaceAll('\n', '')).toMatch(/^[\u0020-\u007e]*$/)
  expect(text.endsWith('}\n')).toBe(true)
})

test('comes in pieces that are the document together, however it is indented', () => {
  const part = fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue()), fc.constant(undefined))
  const documents = fc.dictionary(fc.string(), part, { noNullPrototype: true })
  fc.assert(
    fc.property(documents, fc.constantFrom(0, 2), (value, indent) => {
      expect([...jsonPieces(value, indent)].join('')).toBe(jsonText(value, indent))
    }),
  )
})

test('lists may be made while they are written', () => {
  const made = (count: number) => ({
    list: {
      *[Symbol.iterator]() {
        for (let at = 0; at < count; at++) yield { at }
      },
    },
  })
  for (const count of [0, 1, 3]) {
    const list = Array.from({ length: count }, (_, at) => ({ at }))
    expect([...jsonPieces(made(count), 2)].join('')).toBe(jsonText({ list }, 2))
  }
})

test('no piece holds more than one item of a list', () => {
  const { entries, ...others } = report('/a')
  const pieces = [
    ...json.present({ ...others, entries: Array.from({ length: 1000 }, () => [...entries]).flat() }, style),
  ]
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(400)
})

test('nor does one of a list within a short list: an archive with its images', () => {
  const images = Array.from({ length: 1000 }, (_, at) => ({ names: [`app:${at}`], layers: [] }))
  const document = { schema: 'imgtar/verify/v1', archives: [{ archive: 'a.tar', images, findings: [] }] }
  const pieces = [...jsonPieces(document, 2)]
  expect(pieces.join('')).toBe(jsonText(document, 2))
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(200)
})
