import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { extract } from 'tar-stream'
import { bytesSource } from '../../src/bytes/source.js'
import { DEFAULT_LIMITS } from '../../src/context.js'
import { cleanKey, cleanPath, latin1Bytes } from '../../src/tar/path.js'
import { scanChunks, scanSource } from '../../src/tar/scan.js'
import { paddingOf, tarHeader, type TarHeaderFields } from '../../src/tar/write.js'
import type { TarEntry } from '../../src/tar/entry.js'
import type { TarHandlers } from '../../src/tar/decode.js'
import { chunksOf, concatenated, cutsIn } from '../support/chunks.js'
import { decode, END, gnuLong, headerBlock, member, pax, tarOf } from '../support/tar-blocks.js'

const name = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.', '\xe9', ' '), minLength: 1, maxLength: 30 })
const records = fc.array(
  fc.constantFrom(
    ['path', 'p'],
    ['size', '3'],
    ['mtime', '1.5'],
    ['uid', '9'],
    ['GNU.sparse.map', '0,3'],
    ['GNU.sparse.numblocks', '1'],
    ['GNU.sparse.size', '9'],
    ['SCHILY.xattr.a', '\0\xff'],
  ),
  { maxLength: 4 },
)
const part = fc.oneof(
  fc.record({ name, type: fc.constantFrom('0', '\0', '1', '2', '5', '7', 'V'), magic: fc.constantFrom('ustar', 'gnu', 'v7') }).map((fields) => headerBlock(fields)), // prettier-ignore
  fc.tuple(name, fc.string({ unit: 'binary-ascii', maxLength: 1500 })).map(([path, text]) => member({ name: path }, text)), // prettier-ignore
  records.map((list) => pax(list)),
  records.map((list) => pax(list, 'g')),
  name.map((text) => gnuLong('L', text)),
  fc.constant(new Uint8Array(512)),
)
/** Tars of all sorts of parts, most of them readable to the end, some not. */
const tar = fc
  .tuple(
    fc.array(part, { maxLength: 8 }),
    fc.constantFrom(END, new Uint8Array(512), new Uint8Array(3000), new Uint8Array(700).fill(7)),
  ) // prettier-ignore
  .map(([parts, end]) => concatenated(...parts, end))

/** All that a scan tells, in order, contents joined. */
async function told(scan: (handlers: TarHandlers) => Promise<unknown>): Promise<unknown[]> {
  const events: unknown[] = []
  let content = ''
  const end = await scan({
    onEntry(entry) {
      events.push(entry)
      content = ''
    },
    onContent: (_, chunk) => (content += Buffer.from(chunk).toString('latin1')),
    onContentEnd: ({ path }) => events.push([path, content]),
    onOddity: (oddity) => events.push(oddity),
  })
  return [...events, end]
}

const context = { limits: DEFAULT_LIMITS }

describe('a tar', () => {
  test('tells the same however its stream is cut, and from a source', () =>
    fc.assert(
      fc.asyncProperty(
        tar.chain((bytes) => fc.tuple(fc.constant(bytes), cutsIn(bytes.length))),
        async ([bytes, cuts]) => {
          const whole = await told((handlers) => scanChunks(chunksOf(bytes), handlers, context))
          expect(await told((handlers) => scanChunks(chunksOf(bytes, cuts), handlers, context))).toEqual(whole)
          expect(await told((handlers) => scanSource(bytesSource(bytes, 'a'), handlers, context))).toEqual(whole)
        },
      ),
      { numRuns: 300 },
    ))

  test('that comes one byte at a time tells the same', () => {
    const bytes = tarOf(pax([['path', 'é']]), member({}, 'abc'), gnuLong('L', 'long'), headerBlock({ type: '5' }))
    expect(decode(bytes, {}, 1)).toEqual(decode(bytes))
  })

  test('that is cut anywhere gives the entries before the cut, and an end or a fault inside it', () => {
    const bytes = tarOf(pax([['path', 'é']]), member({}, 'abc'), gnuLong('L', 'long'), member({}, 'x'.repeat(600)))
    const whole = decode(bytes)
    for (let length = 0; length < bytes.length; length++) {
      const { entries, end } = decode(bytes.slice(0, length))
      expect(entries).toEqual(whole.entries.slice(0, entries.length))
      expect(end.size).toBe(length)
      expect(end.fault?.offset ?? length).toBe(length)
      expect(end.fault?.kind ?? 'truncated').toContain('truncated')
    }
  })

  test('with bytes changed at random is read or refused, to its last byte', () => {
    const bytes = tarOf(
      pax([['path', 'é'], ['mtime', '1.5']]), // prettier-ignore
      member({}, 'abc'),
      gnuLong('L', 'long'),
      member({ magic: 'gnu', type: 'S', raw: { 386: '00000000001\x0000000000003\0', 483: '00000000020\0' } }, 'abc'),
      pax([['GNU.sparse.major', '1'], ['GNU.sparse.minor', '0'], ['GNU.sparse.size', '20']]), // prettier-ignore
      member({}, `${'1\n2\n3\n'.padEnd(512, '\0')}abc`),
    )
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), fc.boolean(), (changes, repaired) => {
        const copy = bytes.slice()
        for (const [at, byte] of changes) copy[at] = byte
        if (repaired) repairChecksums(copy)
        const { entries, end } = decode(copy)
        expect(end.size).toBe(copy.length)
        expect(end.entries).toBe(entries.length)
        for (const { content } of entries.slice(0, -1)) expect(content.offset + content.length).toBeLessThanOrEqual(copy.length) // prettier-ignore
      }),
      { numRuns: 5000 },
    )
  })
})

/** Makes all blocks that have a magic valid headers again, so that their fields are looked at. */
function repairChecksums(bytes: Uint8Array): void {
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    const block = bytes.subarray(at, at + 512)
    if (Buffer.from(block.subarray(257, 262)).toString('latin1') !== 'ustar') continue
    block.fill(0x20, 148, 156)
    const sum = block.reduce((total, byte) => total + byte, 0)
    block.set(Buffer.from(`${sum.toString(8).padStart(6, '0')}\0 `, 'latin1'), 148)
  }
}

/** Headers of all that an image layer may hold. */
const header: fc.Arbitrary<TarHeaderFields> = fc
  .record({
    rawPath: fc.uint8Array({ minLength: 1, maxLength: 300, min: 1 }),
    rawLinkPath: fc.uint8Array({ maxLength: 150, min: 1 }),
    typeflag: fc.constantFrom('0', '1', '2', '3', '4', '5', '6'),
    mode: fc.nat(0o7777777),
    uid: fc.integer({ min: -5, max: 2 ** 32 }),
    gid: fc.integer({ min: -5, max: 2 ** 32 }),
    uname: fc.constantFrom('', 'root', 'ü', 'u'.repeat(33)),
    gname: fc.constantFrom('', 'root', '日本'),
    size: fc.constant(0),
    mtimeNs: fc.bigInt({ min: -(2n ** 62n), max: 2n ** 66n }),
    devMajor: fc.nat(0o7777777),
    devMinor: fc.nat(0o7777777),
    records: fc
      .dictionary(fc.constantFrom('SCHILY.xattr.a', 'SCHILY.xattr.security.capability'), fc.uint8Array())
      .map((values) => new Map(Object.entries(values))),
  })
  .filter(({ rawPath, typeflag }) => '125'.includes(typeflag) || rawPath.at(-1) !== 0x2f)

test('a header that was written is read as it was meant', () => {
  fc.assert(
    fc.property(fc.array(header, { maxLength: 5 }), (headers) => {
      const { entries, end } = decode(concatenated(...headers.map((fields) => tarHeader(fields)), END))
      expect(end.fault).toBeUndefined()
      const read = entries.map((entry, index) => {
        const { records = new Map<string, Uint8Array>() } = headers[index] ?? {}
        const carried = new Map([...entry.pax].filter(([key]) => records.has(key)))
        return { ...pick(entry), records: carried }
      })
      expect(read).toEqual(headers)
    }),
    { numRuns: 500 },
  )
})

function pick(entry: TarEntry): TarHeaderFields {
  const { rawPath, rawLinkPath, typeflag, mode, uid, gid, uname, gname, size, mtimeNs, devMajor, devMinor } = entry
  return { rawPath, rawLinkPath, typeflag, mode, uid, gid, uname, gname, size, mtimeNs, devMajor, devMinor }
}

/** What tar-stream gets right: plain entries of ASCII names, small numbers and whole seconds. */
const plain = fc.record({
  path: fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.'), minLength: 1, maxLength: 200 }),
  content: fc.uint8Array({ maxLength: 2000 }),
  mode: fc.integer({ min: 1, max: 0o7777 }),
  uid: fc.nat(0o777777),
  seconds: fc.nat(2 ** 31 - 1),
})

test('tar-stream reads well-formed tars as we do', () =>
  fc.assert(
    fc.asyncProperty(fc.array(plain, { maxLength: 6 }), async (members) => {
      const parts = members.map(({ path, content, mode, uid, seconds }) => {
        const fields = { rawPath: latin1Bytes(path), rawLinkPath: new Uint8Array(0), typeflag: '0', mode, uid, gid: uid, uname: '', gname: '', size: content.length, mtimeNs: BigInt(seconds) * 1_000_000_000n, devMajor: 0, devMinor: 0 } // prettier-ignore
        return concatenated(tarHeader(fields), content, new Uint8Array(paddingOf(content.length)))
      })
      const bytes = tarOf(...parts)
      const ours = decode(bytes).entries.map(({ path, mode, uid, mtimeNs, content }) => [path, mode, uid, mtimeNs, Buffer.from(bytes).toString('latin1', content.offset, content.offset + content.length)]) // prettier-ignore
      expect(ours).toEqual(await readByTarStream(bytes))
    }),
    { numRuns: 100 },
  ))

async function readByTarStream(bytes: Uint8Array): Promise<unknown[]> {
  const reading = extract()
  reading.end(bytes)
  const found: unknown[] = []
  for await (const entry of reading) {
    let content = ''
    for await (const chunk of entry as AsyncIterable<Uint8Array>) content += Buffer.from(chunk).toString('latin1')
    const { name: path, mode, uid, mtime } = entry.header
    found.push([path, mode, uid, BigInt(mtime.getTime()) * 1_000_000n, content])
  }
  return found
}

test('a clean path is clean, whatever the name', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.string({ unit: fc.constantFrom('a', '/', '.') }), (raw, text) => {
      for (const { key, depth } of [cleanPath(raw), cleanKey(text)]) {
        const parts = key === '' ? [] : key.split('/')
        expect(parts).toHaveLength(depth)
        expect(parts.some((one) => ['', '.', '..'].includes(one))).toBe(false)
        expect(cleanKey(key).key).toBe(key)
      }
    }),
  )
})
