import { describe, expect, test } from 'vitest'
import { latin1 } from '../../src/tar/path.js'
import { concatenated } from '../support/chunks.js'
import { decode, headerBlock, member, onlyEntry, pax, tarOf } from '../support/tar-blocks.js'

const faultOf = (...parts: readonly Uint8Array[]) => decode(tarOf(...parts)).end.fault

const octal = (number: number) => `${number.toString(8).padStart(11, '0')}\0`
const regionsField = (regions: readonly (readonly number[])[]) => regions.flat().map(octal).join('')

/** An old GNU header whose content is 'x' for every byte of its regions, those that do not fit in extension blocks. */
function oldGnu(size: number, regions: readonly (readonly number[])[]): Uint8Array {
  const rest = regions.slice(4)
  const stored = regions.reduce((sum, [, length = 0]) => sum + length, 0)
  const raw = { 386: regionsField(regions.slice(0, 4)), 482: rest.length > 0 ? '\x01' : '\0', 483: octal(size) }
  const blocks = [headerBlock({ type: 'S', magic: 'gnu', size: stored, raw })]
  for (let at = 0; at < rest.length; at += 21) {
    const block = new Uint8Array(512)
    block.set(Buffer.from(regionsField(rest.slice(at, at + 21)), 'latin1'))
    block[504] = rest.length > at + 21 ? 1 : 0
    blocks.push(block)
  }
  return concatenated(...blocks, member({}, 'x'.repeat(stored)).slice(512))
}

const recordsOf10 = (size: number) =>
  pax([
    ['GNU.sparse.major', '1'],
    ['GNU.sparse.minor', '0'],
    ['GNU.sparse.name', 'real'],
    ['GNU.sparse.realsize', `${size}`],
  ])

/** The content of format 1.0: the map in whole blocks, and the data. */
const content10 = (map: string, data: string) => `${map.padEnd(Math.ceil(map.length / 512) * 512, '\0')}${data}`

describe('an old GNU sparse file', () => {
  test('has its map in the header', () => {
    const { entries, contents } = decode(tarOf(oldGnu(100, [[10, 2], [50, 3], [100, 0]]), headerBlock())) // prettier-ignore
    expect(entries[0]).toMatchObject({
      type: 'unknown',
      typeflag: 'S',
      size: 100,
      content: { offset: 512, length: 5 },
      sparse: [
        { offset: 10, length: 2 },
        { offset: 50, length: 3 },
        { offset: 100, length: 0 },
      ],
    })
    expect(contents).toEqual(['xxxxx', ''])
  })

  test('has more of it in blocks after the header', () => {
    const regions = Array.from({ length: 60 }, (_, index) => [index * 10, 1])
    const entry = onlyEntry(oldGnu(1000, regions))
    expect(entry.sparse).toHaveLength(60)
    expect(entry.header.length).toBe(512 * 4)
    expect(entry.content.length).toBe(60)
  })

  test('is refused with a magic that is not GNU’s', () => {
    expect(faultOf(headerBlock({ type: 'S' }))?.message).toContain('not GNU')
  })

  test('is refused where its map is cut off', () => {
    const regions = Array.from({ length: 30 }, (_, index) => [index * 10, 1])
    const { end } = decode(oldGnu(1000, regions).slice(0, 1030))
    expect(end.fault).toMatchObject({ kind: 'truncated-header', offset: 1030 })
  })
})

describe('a PAX sparse file', () => {
  test.each([
    ['0.0', pax([['GNU.sparse.size', '20'], ['GNU.sparse.numblocks', '2'], ['GNU.sparse.offset', '1'], ['GNU.sparse.numbytes', '2'], ['GNU.sparse.offset', '10'], ['GNU.sparse.numbytes', '1']])], // prettier-ignore
    ['0.1', pax([['GNU.sparse.size', '20'], ['GNU.sparse.numblocks', '2'], ['GNU.sparse.map', '1,2,10,1']])], // prettier-ignore
    ['0.1 by its version', pax([['GNU.sparse.major', '0'], ['GNU.sparse.minor', '1'], ['GNU.sparse.size', '20'], ['GNU.sparse.numblocks', '2'], ['GNU.sparse.map', '1,2,10,1']])], // prettier-ignore
  ])('of format %s has its map in the records', (_, records) => {
    const entry = onlyEntry(records, member({}, 'abc'))
    expect(entry).toMatchObject({ type: 'file', size: 20, content: { length: 3 } })
    expect(entry.sparse).toEqual([
      { offset: 1, length: 2 },
      { offset: 10, length: 1 },
    ])
    expect(latin1(entry.pax.get('GNU.sparse.map') ?? new Uint8Array())).toBe('1,2,10,1')
  })

  test('of format 1.0 has its map at the head of the content, which then is a part of the header', () => {
    const entry = onlyEntry(recordsOf10(20), member({}, content10('2\n1\n2\n10\n1\n', 'abc')))
    expect(entry).toMatchObject({ path: 'real', size: 20, header: { offset: 0, length: 2048 }, content: { offset: 2048, length: 3 } }) // prettier-ignore
    expect(entry.sparse).toHaveLength(2)
  })

  test('of format 1.0 may have a map of several blocks', () => {
    const regions = Array.from({ length: 300 }, (_, index) => `${index * 1000}\n1\n`)
    const entry = onlyEntry(recordsOf10(1e6), member({}, content10(`300\n${regions.join('')}`, 'x'.repeat(300))))
    expect(entry.sparse?.at(-1)).toEqual({ offset: 299_000, length: 1 })
    expect(entry.content.length).toBe(300)
  })

  test('of an unknown version is a plain file', () => {
    const records = pax([['GNU.sparse.major', '2'], ['GNU.sparse.minor', '0'], ['GNU.sparse.map', '1,2']]) // prettier-ignore
    expect(onlyEntry(records, member({}, 'abc')).sparse).toBeUndefined()
  })
})

describe('a sparse map is refused', () => {
  const map01 = (map: string, count: number, size = 20, data = 'abc', type = '0') => [
    pax([['GNU.sparse.size', `${size}`], ['GNU.sparse.numblocks', `${count}`], ['GNU.sparse.map', map]]), // prettier-ignore
    member({ type }, data),
  ]
  test.each([
    ['with regions that overlap', map01('1,2,2,1', 2), 'overlap'],
    ['with regions out of order', map01('10,1,1,2', 2), 'overlap'],
    ['with a region beyond the end', map01('18,3', 1), 'beyond its end'],
    ['with a negative region', map01('-1,3', 1), 'negative region'],
    ['with a negative size', map01('0,3', 1, -5), 'negative size'],
    ['that holds less than is stored', map01('1,2', 1), 'hold 2 bytes, while 3'],
    ['that holds more than is stored', map01('1,4', 1), 'hold 4 bytes, while 3'],
    ['with another count', map01('1,3', 2), 'as many regions'],
    ['with a number that is none', map01('1,x', 1), 'cannot be read'],
    ['for a directory', map01('0,3', 1, 20, '', '5'), 'sparse directory'],
    ['out of order in format 0.0', [pax([['GNU.sparse.numbytes', '1']]), headerBlock()], 'out of order'],
    ['longer than its content', [recordsOf10(9), member({}, content10('9\n1\n', ''))], 'longer than the content'],
    ['with a letter', [recordsOf10(9), member({}, content10('1\nx\n1\n', ''))], 'cannot be read'],
    ['with no line end', [recordsOf10(9), member({}, '1'.repeat(2048))], 'holds no number'],
    ['with a negative count', [recordsOf10(9), member({}, content10('-1\n', ''))], 'negative number of regions'],
  ])('%s', (_, parts, message) => {
    const fault = faultOf(...parts)
    expect(fault?.kind).toBe('sparse')
    expect(fault?.message).toContain(message)
  })

  test('with more regions than we hold', () => {
    expect(faultOf(recordsOf10(9), member({}, content10('99999999\n', '')))?.kind).toBe('limit')
  })

  test('with more bytes than a meta entry may have', () => {
    const parts = tarOf(recordsOf10(9), member({}, content10('5000\n', ' '.repeat(512))))
    expect(decode(parts, { pax: 512 }).end.fault).toMatchObject({ kind: 'limit' })
  })
})
