import { describe, expect, test } from 'vitest'
import { decodeTar } from '../../src/tar/decode.js'
import { DEFAULT_LIMITS } from '../../src/context.js'
import { concatenated } from '../support/chunks.js'
import { decode, END, gnuLong, headerBlock, member, onlyEntry, pax, tarOf } from '../support/tar-blocks.js'

const ZERO = new Uint8Array(512)
const RUBBISH = new Uint8Array(512).fill(0x41)

describe('an entry', () => {
  test.each([
    ['0', 'file'],
    ['1', 'hardlink'],
    ['2', 'symlink'],
    ['3', 'char'],
    ['4', 'block'],
    ['5', 'directory'],
    ['6', 'fifo'],
    ['7', 'unknown'],
    ['A', 'unknown'],
    ['V', 'unknown'],
    ['\xe9', 'unknown'],
  ])('of type %s is a %s', (type, made) => {
    expect(onlyEntry(headerBlock({ type }))).toMatchObject({ type: made, typeflag: type })
  })

  test('of type NUL is a file, or a directory if its final name ends in a slash', () => {
    const { entries } = decode(
      tarOf(
        headerBlock({ type: '\0' }),
        headerBlock({ type: '\0', name: 'd/' }),
        gnuLong('L', 'long/'),
        headerBlock({ type: '\0', size: 5 }),
        member({ type: '0', name: 'file/' }, 'content'),
      ),
    )
    expect(entries.map(({ type }) => type)).toEqual(['file', 'directory', 'directory', 'file'])
    expect(entries.every(({ typeflag }) => typeflag === '0')).toBe(true)
  })

  test('without content keeps its size, and the next header follows at once', () => {
    const types = ['1', '2', '3', '4', '5', '6']
    const { entries, end } = decode(tarOf(...types.map((type) => headerBlock({ type, size: 700 })), headerBlock()))
    expect(entries.map(({ size, content }) => [size, content.length])).toEqual([...types.map(() => [700, 0]), [0, 0]])
    expect(end.fault).toBeUndefined()
  })

  test('knows where its header blocks and its content lie', () => {
    const tar = tarOf(member({}, 'x'), pax([['uid', '5']]), gnuLong('L', 'l'), member({}, 'abc'))
    const { entries, contents, end } = decode(tar)
    expect(entries.map(({ header, content }) => [header, content])).toEqual([
      [
        { offset: 0, length: 512 },
        { offset: 512, length: 1 },
      ],
      [
        { offset: 1024, length: 5 * 512 },
        { offset: 1024 + 5 * 512, length: 3 },
      ],
    ])
    expect(contents).toEqual(['x', 'abc'])
    expect(end).toEqual({
      entries: 2,
      offset: tar.length - 1024,
      marker: 'two-zero-blocks',
      size: tar.length,
      trailing: 0,
      trailingNonZero: false,
    })
  })

  test('owns its bytes', () => {
    const tar = tarOf(pax([['a', 'b']]), headerBlock({ name: 'name' }))
    const decoder = decodeTar({ onEntry: (entry) => found.push(entry.rawPath, entry.pax.get('a')) }, DEFAULT_LIMITS)
    const found: (Uint8Array | undefined)[] = []
    let step = decoder.next()
    for (let at = 0; at < tar.length && step.done !== true;) {
      const part = tar.slice(at, at + step.value.length)
      at += part.length
      step = decoder.next(step.value.want === 'bytes' ? part : part.length)
      part.fill(0xff)
    }
    expect(found.map((bytes) => Buffer.from(bytes ?? []).toString())).toEqual(['name', 'b'])
  })
})

describe('sizes', () => {
  test.each([
    ['that are negative', { 124: '\xff'.repeat(12) }],
    ['beyond 2^53', { 124: '\x80\0\0\0\0\x20\0\0\0\0\0\0' }],
  ])('%s are refused', (_, raw) => {
    expect(decode(tarOf(headerBlock({ raw }))).end.fault).toMatchObject({ kind: 'size', offset: 0, entry: 'name' })
  })

  test('that are negative are refused in the header even where a record replaces them', () => {
    const { fault } = decode(tarOf(pax([['size', '0']]), headerBlock({ raw: { 124: '\xff'.repeat(12) } }))).end
    expect(fault).toMatchObject({ kind: 'size', offset: 1024 })
  })

  test('are kept whatever they are where no content follows', () => {
    expect(onlyEntry(headerBlock({ type: '5', raw: { 124: '\xff'.repeat(12) } })).size).toBe(-1)
  })
})

describe('the end', () => {
  test.each([
    ['two zero blocks', [ZERO, ZERO], 'two-zero-blocks', 0, false],
    ['one zero block', [ZERO], 'one-zero-block', 0, false],
    ['nothing', [], 'none', 0, false],
    ['zeros up to a record of 10 KiB', [new Uint8Array(9216)], 'two-zero-blocks', 8192, false],
    ['a few zeros after it', [ZERO, ZERO, new Uint8Array(7)], 'two-zero-blocks', 7, false],
    ['rubbish after it', [ZERO, ZERO, ZERO, RUBBISH], 'two-zero-blocks', 1024, true],
    ['rubbish far after it', [END, new Uint8Array(200_000), RUBBISH], 'two-zero-blocks', 200_512, true],
  ])('may be %s', (_, parts, marker, trailing, trailingNonZero) => {
    const tar = concatenated(member({}, 'abc'), ...parts)
    const { end } = decode(tar)
    expect(end).toEqual({ entries: 1, offset: 1024, marker, size: tar.length, trailing, trailingNonZero })
  })

  test('may be the whole tar, and nothing is a tar too', () => {
    expect(decode(END).end).toMatchObject({ entries: 0, marker: 'two-zero-blocks' })
    expect(decode(new Uint8Array(0)).end).toMatchObject({ entries: 0, marker: 'none', size: 0 })
  })

  test('may lack its last padding', () => {
    const { end, contents } = decode(member({}, 'abc').slice(0, 515))
    expect(contents).toEqual(['abc'])
    expect(end).toMatchObject({ marker: 'none', offset: 515, size: 515 })
    expect(end.fault).toBeUndefined()
  })
})

describe('a fault', () => {
  test.each([
    ['a block that is no header', [RUBBISH], 'checksum', 1024],
    ['a zero block in the middle', [ZERO, headerBlock()], 'header', 1536],
    ['a header that is cut off', [headerBlock().slice(0, 100)], 'truncated-header', 1124],
    ['an end marker that is cut off', [ZERO, ZERO.slice(0, 5)], 'truncated-header', 1541],
    ['a PAX header that is cut off', [pax([['path', 'x']]).slice(0, 515)], 'truncated-header', 1539],
    ['a content that is cut off', [member({}, 'abcdef').slice(0, 514)], 'truncated-content', 1538],
    ['a content that is missing', [headerBlock({ size: 8 })], 'truncated-content', 1536],
  ])('is told for %s, with the bytes from there on', (_, parts, kind, offset) => {
    const tar = concatenated(member({}, 'abc'), ...parts)
    const { end, entries } = decode(tar)
    expect(end.fault).toMatchObject({ kind, offset })
    expect(end).toMatchObject({ size: tar.length, trailing: tar.length - offset, offset: 1024 })
    expect(entries[0]?.path).toBe('name')
  })

  test('names the entry it is in', () => {
    expect(decode(member({ name: 'cut' }, 'abcdef').slice(0, 514)).end.fault?.entry).toBe('cut')
    expect(decode(member({ name: 'cut' }, 'abcdef').slice(0, 514)).contents).toEqual([])
  })

  test('stops at the limit of entries', () => {
    const tar = tarOf(headerBlock(), headerBlock(), headerBlock())
    expect(decode(tar, { entries: 3 }).end).toMatchObject({ entries: 3 })
    expect(decode(tar, { entries: 2 }).end).toMatchObject({ entries: 2, fault: { kind: 'limit', offset: 1024 } })
  })
})

test('what a handler throws ends the decoding and is not taken for damage', () => {
  const decoder = decodeTar(
    {
      onEntry() {
        throw new RangeError('mine')
      },
    },
    DEFAULT_LIMITS,
  )
  decoder.next()
  expect(() => decoder.next(headerBlock())).toThrow(new RangeError('mine'))
})
