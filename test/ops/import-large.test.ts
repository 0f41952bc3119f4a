import { createHash } from 'node:crypto'
import { truncateSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { readAhead } from '../../src/bytes/read-ahead.js'
import { fileSource, type ByteSource } from '../../src/bytes/source.js'
import { DEFAULT_LIMITS, type ProgressEvent, type RunContext } from '../../src/context.js'
import {
  compressionsOf,
  nullSink,
  openSink,
  writeImages,
  type ArchiveSink,
  type WriteTarget,
} from '../../src/formats/write/index.js'
import { importRootfs, type Imported, type RootfsInput } from '../../src/ops/import.js'
import type { LayerTarget } from '../../src/ops/kept-layers.js'
import { stageStored } from '../../src/ops/stage-layer.js'
import { wrapperHeader } from '../../src/tar/wrapper.js'
import { digest } from '../support/archives.js'
import { keepIn } from '../support/names.js'
import { concatenated, sha256 } from '../support/chunks.js'

const MIB = 1024 * 1024
const SETTINGS = {
  names: ['app:1'],
  platform: { os: 'linux', architecture: 'amd64' },
  created: '2026-01-02T03:04:05Z',
  comment: 'Imported from -',
}
const NAMES = ['large', ...Array.from({ length: 500 }, (_, index) => `small/${index}`), 'middle', 'last']
const sizeOf = (name: string): number => ({ large: 17 * MIB, middle: 3 * MIB + 511, last: 0 })[name] ?? name.length * 99

let folder: string
/** A root filesystem of more than another thread is asked for; bytes that gzip makes no smaller. */
let tar: Uint8Array
let gz: Uint8Array

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imgtar-import-'))
  const parts: Uint8Array[] = []
  for (const name of NAMES) {
    const size = sizeOf(name)
    parts.push(await wrapperHeader({ path: name, type: 'file', mode: 0o644, size, mtime: 0 }))
    parts.push(createHash('shake256', { outputLength: size }).update(name).digest(), new Uint8Array(-size & 511))
  }
  tar = concatenated(...parts, new Uint8Array(1024))
  gz = new Uint8Array(gzipSync(tar, { level: 1 }))
  await writeFile(join(folder, 'rootfs.tar'), tar)
  await writeFile(join(folder, 'rootfs.tar.gz'), gz)
})
afterAll(() => rm(folder, { recursive: true }))

let place: string
beforeEach(async () => {
  place = await mkdtemp(join(folder, 'place-'))
  // What is put aside has its own temporary folder.
  vi.stubEnv('TMPDIR', await mkdtemp(join(folder, 'temporary-')))
})
afterEach(async () => {
  expect(await readdir(tmpdir())).toEqual([])
  vi.unstubAllEnvs()
})

const WAYS: readonly (readonly [string, (source: ByteSource) => RootfsInput['bytes']])[] = [
  ['read now', (source) => source],
  [
    'read later',
    (source) => ({ location: source.location, size: source.size, read: (...asked) => source.read(...asked) }),
  ],
  ['in chunks', (source) => readAhead(source)],
]

interface Out {
  readonly sink: ArchiveSink
  readonly target: WriteTarget
  /** All that was written, and what lies in it as the blob of that digest. */
  written(): Promise<Uint8Array>
  blob(digest: string): Promise<Uint8Array>
}

const DOCKER: WriteTarget = { format: 'docker-archive', layout: 'universal' }

async function toTar(): Promise<Out> {
  const path = join(place, 'out.tar')
  const written = () => readFile(path)
  const sink = await openSink(DOCKER, { path, force: false })
  return { sink, target: DOCKER, written, blob: async (digest) => blobIn(await written(), digest) }
}

async function toDirectory(): Promise<Out> {
  const path = join(place, 'out')
  const target: WriteTarget = { format: 'oci', layout: 'universal' }
  const blob = (digest: string) => readFile(join(path, 'blobs', ...digest.split(':')))
  const written = async (): Promise<Uint8Array> => {
    const names = (await readdir(path, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
    const files = names.map(({ parentPath, name }) => join(parentPath, name)).sort()
    return concatenated(...(await Promise.all(files.map((file) => readFile(file)))))
  }
  return { sink: await openSink(target, { path, force: false }), target, written, blob }
}

async function toStream(): Promise<Out> {
  const all: Uint8Array[] = []
  const stdout = new Writable({
    write(chunk: Uint8Array, _, done) {
      all.push(Uint8Array.from(chunk))
      setImmediate(done)
    },
  })
  const written = () => Promise.resolve(concatenated(...all))
  const sink = await openSink(DOCKER, { path: '-', force: false, stdout })
  return { sink, target: DOCKER, written, blob: async (digest) => blobIn(await written(), digest) }
}

/** The content of a member of a tar, found by its name. */
function blobIn(archive: Uint8Array, digest: string): Uint8Array {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.length)
  const name = `blobs/${digest.replace(':', '/')}`
  let header = -1
  do header = bytes.indexOf(name, header + 1, 'latin1')
  while (header % 512 !== 0)
  const size = Number.parseInt(bytes.toString('latin1', header + 124, header + 135), 8)
  return archive.subarray(header + 512, header + 512 + size)
}

const OUTPUTS = [
  ['a tar', toTar],
  ['a directory', toDirectory],
  ['a stream', toStream],
] as const

async function imported(file: string, way: (typeof WAYS)[number][1], target: LayerTarget, context: RunContext) {
  await using source = await fileSource(join(folder, file))
  const input: RootfsInput = { location: file, bytes: way(source), isCertain: false }
  return await importRootfs(input, SETTINGS, target, context)
}

const targetOf = ({ sink, target }: Pick<Out, 'sink' | 'target'>): LayerTarget => {
  return { compress: 'keep', holds: compressionsOf(target), staging: sink }
}

const contexts = [1, 2].map((concurrency): RunContext => ({ limits: DEFAULT_LIMITS, concurrency }))
const layerOf = ({ image }: Imported) => image.layers

describe.each(OUTPUTS)('a large root filesystem in %s', (_, open) => {
  test('is the same image, whatever way its bytes come, with threads and without', async () => {
    const wholes = new Set<string>()
    for (const context of contexts) {
      for (const [, way] of WAYS) {
        const out = await open()
        {
          await using sink = out.sink
          const made = await imported('rootfs.tar', way, targetOf(out), context)
          const [diffID, size] = [digest(tar), tar.length]
          expect(layerOf(made)).toMatchObject([{ diffID, digest: diffID, size, compression: 'none' }])
          expect(made.findings).toEqual([])
          await writeImages(sink, { images: [made.image], companions: [] }, out.target, context)
          await sink.commit()
        }
        expect(sha256(await out.blob(digest(tar)))).toBe(sha256(tar))
        wholes.add(sha256(await out.written()))
        await rm(place, { recursive: true })
        place = await mkdtemp(join(folder, 'place-'))
      }
    }
    expect(wholes.size).toBe(1)
  })

  test.each(WAYS)('stays packed, and its diffID is that of its content (%s)', async (_, way) => {
    for (const context of contexts) {
      const out = await open()
      {
        await using sink = out.sink
        const made = await imported('rootfs.tar.gz', way, targetOf(out), context)
        const [diffID, size] = [digest(tar), gz.length]
        expect(layerOf(made)).toMatchObject([{ diffID, digest: digest(gz), size, compression: 'gzip' }])
        await writeImages(sink, { images: [made.image], companions: [] }, out.target, context)
        await sink.commit()
      }
      expect(sha256(await out.blob(digest(gz)))).toBe(sha256(gz))
      await rm(place, { recursive: true })
      place = await mkdtemp(join(folder, 'place-'))
    }
  })
})

const toNothing = (): { sink: ArchiveSink; target: WriteTarget } => ({ sink: nullSink('nothing'), target: DOCKER })

test.each(WAYS)('a large root filesystem of which nothing is written is measured as well (%s)', async (_, way) => {
  for (const context of contexts) {
    const made = await imported('rootfs.tar', way, targetOf(toNothing()), context)
    expect(layerOf(made)).toMatchObject([{ diffID: digest(tar), digest: digest(tar), size: tar.length }])
    const kept = await imported('rootfs.tar.gz', way, targetOf(toNothing()), context)
    expect(layerOf(kept)).toMatchObject([{ diffID: digest(tar), digest: digest(gz), size: gz.length }])
  }
})

test.each(WAYS)('a large root filesystem that is packed on the way has the diffID of its tar (%s)', async (_, way) => {
  const [, context = { limits: DEFAULT_LIMITS, concurrency: 2 }] = contexts
  const target: LayerTarget = { ...targetOf(toNothing()), compress: { kind: 'gzip', level: 1 } }
  const made = await imported('rootfs.tar', way, target, context)
  expect(layerOf(made)).toMatchObject([{ diffID: digest(tar), compression: 'gzip' }])
  expect(layerOf(made)[0]?.digest).not.toBe(digest(tar))
})

test.each(WAYS)('names and progress come in order (%s)', async (_, way) => {
  for (const [file, size] of [
    ['rootfs.tar', tar.length],
    ['rootfs.tar.gz', gz.length],
  ] as const) {
    for (const context of contexts) {
      const events: ProgressEvent[] = []
      const names: string[] = []
      const out = await toTar()
      await using sink = out.sink
      await using source = await fileSource(join(folder, file))
      const staged = { bytes: way(source), subject: file, onName: keepIn(names) }
      await stageStored(staged, sink, { ...context, onProgress: (event) => void events.push(event) })
      expect(names).toEqual(NAMES)
      const done = events.map((event) => event.done)
      expect(done).toEqual(done.toSorted((a, b) => a - b))
      expect(done.at(-1)).toBe(size)
      expect(events.every(({ task, subject }) => task === 'write' && subject === file)).toBe(true)
    }
  }
})

describe.each([...OUTPUTS, ['nothing', () => Promise.resolve(toNothing())] as const])('in %s', (_, open) => {
  test.each(WAYS)('a file that is cut on the way leaves nothing (%s)', async (_, way) => {
    for (const context of contexts) {
      // Before it is read, and while.
      for (const when of ['before', 'meanwhile']) {
        const path = join(folder, 'cut.tar')
        await writeFile(path, tar)
        const cut = vi.fn(() => truncateSync(path, MIB))
        const out = await open()
        {
          await using source = await fileSource(path)
          if (when === 'before') cut()
          await using sink = out.sink
          const input: RootfsInput = { location: path, bytes: way(source), isCertain: false }
          const watching: RunContext = { ...context, ...(when === 'meanwhile' && { onProgress: cut }) }
          const importing = importRootfs(input, SETTINGS, { ...targetOf(out), staging: sink }, watching)
          await expect(importing).rejects.toMatchObject({ code: 'ERR_TRUNCATED', location: path })
        }
        expect(cut).toHaveBeenCalled()
        expect(await readdir(place)).toEqual([])
        await rm(path)
      }
    }
  })
})
