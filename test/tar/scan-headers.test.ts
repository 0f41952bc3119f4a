import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bytesSource, type ByteSource } from '../../src/bytes/source.js'
import { DEFAULT_LIMITS, type Limits } from '../../src/context.js'
import type { TarEnd } from '../../src/tar/end.js'
import type { TarEntry } from '../../src/tar/entry.js'
import { scanHeaders } from '../../src/tar/scan-headers.js'
import { scanSource } from '../../src/tar/scan.js'
import { entryOfPlain } from '../../src/tree/plain-members.js'
import { concatenated } from '../support/chunks.js'
import { gnuLong, member, tarOf } from '../support/tar-blocks.js'
import { MEMBERS } from '../support/tar-members.js'

interface Told {
  readonly entries: readonly unknown[]
  readonly plain: number
  readonly end: TarEnd
}

/** What both ways of telling an entry have in common; bytes of their own. */
function shown({ path: _path, linkPath: _linkPath, uname: _uname, gname: _gname, ...entry }: Partial<TarEntry>) {
  const { rawPath, rawLinkPath, ...others } = entry
  return { ...others, rawPath: rawPath?.slice(), rawLinkPath: rawLinkPath?.slice() }
}

async function headersOf(source: ByteSource, limits: Limits = DEFAULT_LIMITS): Promise<Told> {
  const entries: unknown[] = []
  let plain = 0
  const end = await scanHeaders(
    source,
    {
      onEntry: (entry) => entries.push(shown(entry)),
      onPlain(one) {
        plain += 1
        entries.push(shown(entryOfPlain(one)))
      },
    },
    { limits },
  )
  return { entries, plain, end }
}

async function entriesOf(source: ByteSource, limits: Limits = DEFAULT_LIMITS): Promise<Omit<Told, 'plain'>> {
  const entries: unknown[] = []
  const end = await scanSource(source, { onEntry: (entry) => entries.push(shown(entry)) }, { limits })
  return { entries, end }
}

async function expectSame(tar: Uint8Array, limits?: Limits): Promise<Told> {
  const source = bytesSource(tar, 'a.tar')
  const { plain, ...told } = await headersOf(source, limits)
  expect(told).toEqual(await entriesOf(source, limits))
  return { ...told, plain }
}

describe('headers are told as the decoder tells them', () => {
  test.each(Object.entries(MEMBERS))('%s', async (_, part) => {
    await expectSame(tarOf(member({ name: 'before' }, '1'), part, member({ name: 'after' }, '2')))
  })

  test('whatever follows what', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...Object.values(MEMBERS)), { maxLength: 12 }), (parts) =>
        expectSame(tarOf(...parts)).then(() => undefined),
      ),
    ))

  test('wherever a byte is wrong, and wherever the tar ends', () => {
    const { file, directory, symlink } = MEMBERS
    const parts = [file, directory, MEMBERS['long name'], MEMBERS['file with a prefix'], symlink]
    const tar = tarOf(...parts.flatMap((part) => part ?? []))
    const position = fc.nat({ max: tar.length - 1 })
    return fc.assert(
      fc.asyncProperty(position, fc.nat({ max: 255 }), position, async (at, byte, end) => {
        const damaged = tar.slice()
        damaged[at] = byte
        await expectSame(damaged)
        await expectSame(tar.slice(0, end))
      }),
      { numRuns: 300 },
    )
  })

  test('with the limits that there are', async () => {
    const tar = tarOf(...Array.from({ length: 5 }, (_, at) => member({ name: `f${at}` }, 'x')))
    const { end } = await expectSame(tar, { ...DEFAULT_LIMITS, entries: 3 })
    expect(end.fault?.kind).toBe('limit')
    const long = concatenated(gnuLong('L', 'long/'.repeat(50)), member({ name: 'cut' }))
    expect((await expectSame(tarOf(long), { ...DEFAULT_LIMITS, pax: 100 })).end.fault?.kind).toBe('limit')
  })
})

test('most members are plain: the decoder is asked for none of them', async () => {
  const { file, directory, symlink } = MEMBERS
  const parts = [file, MEMBERS['GNU file'], directory, symlink, MEMBERS['file with a prefix'], MEMBERS['long name']]
  const { plain, entries } = await expectSame(tarOf(...parts.flatMap((part) => part ?? [])))
  expect(plain).toBe(entries.length)
})

test('contents are hopped over, small ones read with their headers in few pieces', async () => {
  const large = member({ name: 'large' }, 'x'.repeat(3_000_000))
  const small = Array.from({ length: 5000 }, (_, at) => member({ name: `file-${at}` }, 'content'))
  const inner = bytesSource(tarOf(large, large, ...small, large), 'a.tar')
  const counts = { reads: 0, bytes: 0 }
  const source: ByteSource = {
    ...inner,
    readInto(into, offset) {
      counts.reads += 1
      counts.bytes += into.length
      inner.readInto?.(into, offset)
    },
  }
  const { plain } = await headersOf(source)
  expect(plain).toBe(5003)
  expect(counts.reads).toBeLessThan(100)
  expect(counts.bytes).toBeLessThan(5000 * 1024 + 300_000)
})

test('an interruption is heard between readings', async () => {
  const parts = Array.from({ length: 9000 }, (_, at) => member({ name: `f-${at}` }, `${at}`))
  const abort = new AbortController()
  setImmediate(() => {
    abort.abort()
  })
  const handlers = { onEntry: () => undefined, onPlain: () => undefined }
  const scan = scanHeaders(bytesSource(tarOf(...parts), 'a.tar'), handlers, {
    limits: DEFAULT_LIMITS,
    signal: abort.signal,
  })
  await expect(scan).rejects.toMatchObject({ code: 'ERR_ABORTED' })
})

test('a source that cannot fill a buffer is read by the decoder alone', async () => {
  const { readInto: _, ...source } = bytesSource(tarOf(...Object.values(MEMBERS)), 'a.tar')
  const told = await headersOf(source)
  expect(told.plain).toBe(0)
  expect(told).toEqual({ ...(await entriesOf(source)), plain: 0 })
})
