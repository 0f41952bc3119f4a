import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { decompress, detectCompression, SNIFF_BYTES, type Compression } from '../../src/bytes/compression.js'
import { DEFAULT_LIMITS } from '../../src/context.js'
import type { TarEnd } from '../../src/tar/end.js'
import type { TarEntry } from '../../src/tar/entry.js'
import { tarPusher } from '../../src/tar/scan.js'

const CORPUS = join(import.meta.dirname, '../../../shared/corpus')
const GO = 'tar-split 0.12.1 disasm'
const PYTHON = 'python_tarfile_3.11'
const LIMITS = { ...DEFAULT_LIMITS, ratio: Infinity }
const LARGEST_HASHED = 64 * 1024 * 1024

/** Where Python reads otherwise than Go, which decides, and why. */
const PYTHON_DIFFERS: Readonly<Record<string, string>> = {
  'hostile/t-empty-name.tar': 'Python puts a slash after names that are empty or a dot',
  'hostile/t-pax-badlen.tar': 'Python skips PAX records that it cannot read',
  'hostile/t-pax-empty-value.tar': 'Python takes an empty PAX path for the path',
  'hostile/t-pax-global.tar': 'Python applies global records to all later entries',
  'hostile/t-pax-mtime.tar': 'Python takes times with exponents and letters',
  'hostile/t-pax-nolen.tar': 'Python skips PAX records that it cannot read',
  'hostile/t-pax-nul.tar': 'Python keeps a NUL in a name',
  'hostile/t-pax-size-huge.tar': 'Python takes sizes beyond 64 bits',
  'hostile/t-pax-twice.tar': 'Python lets the first of two PAX headers count',
  'hostile/t-prefix.tar': 'Python reads the times of a GNU header as a name prefix',
  'hostile/t-size-huge.tar': 'Python gives an entry after the point where the bytes end',
  'hostile/t-size-negative.tar': 'Python gives entries of negative size',
  'hostile/t-sparse-beyond.tar': 'Python takes sparse regions beyond the end of the file',
  'hostile/t-sparse-overlap.tar': 'Python takes sparse regions that overlap',
  'hostile/t-trunc-data.tar': 'Python does not give the entry whose content is cut off',
  'tars/commons-compress__COMPRESS-544_truncated_in_content-fail.tar': 'the same',
  'tars/commons-compress__SunOS_cEf.tar': 'Python reads the type X of Solaris as a PAX header',
  'tars/commons-compress__simple-aix-native-tar.tar': 'Python gives 0 for a time that GNU tar reads as we do',
  'tars/libarchive__test_read_format_gtar_sparse_skip_entry.tar': 'Go refuses stored bytes that no region holds',
  'tars/libarchive__test_read_format_tar_V_negative_size.tar': 'Python gives entries of negative size',
  'tars/tar-split__pax-bad-hdr-large.tar.bz2': 'Python takes a PAX header of more than 1 MiB',
  'tars/tar-split__pax-nil-sparse-data.tar': 'Python does not take the map off a sparse file of format 1.0 here',
}

/** One member as a peer listed it. */
type Listed = Readonly<Record<string, unknown>> & { readonly mtime: number | null }

interface Facts {
  readonly decompress_error?: string
  readonly decompressed_size?: number
  readonly [GO]: { readonly accepts: boolean; readonly entries_of_type_1?: number; readonly error?: string }
  readonly [PYTHON]: { readonly listing?: readonly Listed[]; readonly listing_file?: string }
}

interface Seen {
  readonly entry: TarEntry
  sha256?: string
}

// The corpus is not part of the repository: without it there is nothing to compare.
const present = existsSync(join(CORPUS, 'EXPECTED.json'))
const tars = present ? readFacts() : []
const compared = { tars: 0, entries: 0 }

describe.skipIf(!present)('tars that others wrote', () => {
  test.each(tars)('%s', async (name, facts) => {
    const { end, seen } = await read(name)
    compareWithGo(facts, end, seen)
    const differences = differencesFromPython(facts[PYTHON], seen)
    if (name in PYTHON_DIFFERS) expect(differences).not.toEqual([])
    else expect(differences).toEqual([])
    compared.tars++
    compared.entries += seen.length
  })

  afterAll(() => {
    console.log(`compared ${compared.tars.toString()} tars with ${compared.entries.toString()} entries`)
  })
})

function readFacts(): [string, Facts][] {
  // The peers' words, laid out as the corpus' README says.
  const expected = parse(readFileSync(join(CORPUS, 'EXPECTED.json'))) as { files: Record<string, { facts: Facts }> }
  return Object.entries(expected.files)
    .filter(([name, { facts }]) => /^(tars\/|hostile\/t-)/.test(name) && facts.decompressed_size !== 0)
    .map(([name, { facts }]) => [name, facts])
}

// Python writes NaN where a time is none.
function parse(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes).toString('utf8').replaceAll(': NaN', ': null'))
}

function compareWithGo({ [GO]: go }: Facts, end: TarEnd, seen: readonly Seen[]): void {
  // The tool around Go's reader refuses a path that stands twice; that says nothing of the tar's bytes.
  if (go.error?.includes('duplicates of file paths') === true) return
  expect({ accepts: end.fault === undefined, fault: end.fault }).toMatchObject({ accepts: go.accepts })
  if (go.accepts) expect(seen).toHaveLength(go.entries_of_type_1 ?? 0)
}

function differencesFromPython(python: Facts[typeof PYTHON], seen: readonly Seen[]): string[] {
  const listing = listingOf(python)
  const ours = seen.filter(({ entry }) => entry.type !== 'global') // Python does not list them
  const found =
    listing.length === ours.length ? [] : [`${listing.length.toString()} entries, we ${ours.length.toString()}`]
  for (const [index, theirs] of listing.entries()) {
    const one = ours[index]
    if (one === undefined) break
    const mine = described(one)
    for (const [key, value] of Object.entries(theirs)) {
      if (!(key in mine) || JSON.stringify(mine[key]) === JSON.stringify(normal(key, value))) continue
      found.push(`${index.toString()} ${key}: ${JSON.stringify(value)}, we ${JSON.stringify(mine[key])}`)
    }
  }
  return found
}

function listingOf(python: Facts[typeof PYTHON]): readonly Listed[] {
  if (python.listing_file === undefined) return python.listing ?? []
  const lines = gunzipSync(readFileSync(join(CORPUS, python.listing_file)))
    .toString('utf8')
    .trimEnd()
    .split('\n')
  return lines.map((line) => parse(Buffer.from(line)) as Listed) // one object a line, as above
}

function described({ entry, sha256 }: Seen): Record<string, unknown> {
  const path = withoutSlashes(entry.rawPath)
  const link = Buffer.from(entry.rawLinkPath)
  // Python calls the types 7 and S files, as their content is read like a file's.
  const type = '7S'.includes(entry.typeflag) ? 'file' : entry.type
  return {
    path: path.toString('utf8'),
    path_b64: path.toString('base64'),
    linkname: link.toString('utf8'),
    linkname_b64: link.toString('base64'),
    type,
    mode: `0o${entry.mode.toString(8)}`,
    uid: entry.uid,
    gid: entry.gid,
    size: entry.size,
    mtime: microseconds(Number(entry.mtimeNs) / 1e9),
    uname: entry.uname,
    gname: entry.gname,
    dev: [entry.devMajor, entry.devMinor],
    ...(sha256 === undefined ? {} : { sha256 }),
  }
}

function normal(key: string, value: unknown): unknown {
  if (key === 'mtime' && typeof value === 'number') return microseconds(value)
  if (key !== 'type' || typeof value !== 'string') return value
  if (value.startsWith('type-')) return 'unknown'
  return value === 'dir' ? 'directory' : value
}

// Python's times are doubles.
function microseconds(seconds: number): string {
  return seconds.toFixed(5)
}

function withoutSlashes(path: Uint8Array): Buffer {
  let end = path.length
  while (end > 0 && path[end - 1] === 0x2f) end--
  return Buffer.from(path.subarray(0, end))
}

async function read(name: string): Promise<{ end: TarEnd; seen: Seen[] }> {
  const file = join(CORPUS, name)
  const seen: Seen[] = []
  let content: Content | undefined
  const handlers = {
    onEntry(entry: TarEntry) {
      seen.push({ entry })
      content = contentOf(entry)
    },
    onContent: (_: TarEntry, chunk: Uint8Array) => content?.add(chunk),
    onContentEnd() {
      const last = seen.at(-1)
      if (last !== undefined && content !== undefined) last.sha256 = content.end()
    },
  }
  const pusher = tarPusher(handlers, LIMITS)
  const options = { limits: LIMITS, location: name }
  for await (const chunk of decompress(await compressionOf(file), createReadStream(file), options)) pusher.push(chunk)
  return { end: pusher.end(), seen }
}

async function compressionOf(file: string): Promise<Compression> {
  await using handle = await open(file)
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(SNIFF_BYTES), 0, SNIFF_BYTES, 0)
  return detectCompression(buffer.subarray(0, bytesRead))
}

interface Content {
  add(chunk: Uint8Array): void
  end(): string
}

/** The sha256 of a file's logical content, holes written out; none for what is no file, or is huge. */
function contentOf(entry: TarEntry): Content | undefined {
  if (!['file', 'unknown'].includes(entry.type) || entry.size > LARGEST_HASHED) return undefined
  const hash = createHash('sha256')
  const stored: Uint8Array[] = []
  return {
    add: (chunk) => stored.push(chunk.slice()),
    end() {
      const bytes = Buffer.concat(stored)
      const whole = Buffer.alloc(entry.size)
      let from = 0
      for (const region of entry.sparse ?? [{ offset: 0, length: entry.size }]) {
        from += bytes.copy(whole, region.offset, from, from + region.length)
      }
      return hash.update(whole).digest('hex')
    },
  }
}
