import { writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, test } from 'vitest'
import { bytesSource, fileSource, type OpenSource } from '../../src/bytes/source.js'
import { runContext } from '../../src/context.js'
import { openArchive } from '../../src/formats/index.js'
import { openPlainTar } from '../../src/formats/plain-tar.js'
import { dockerSave, packed, PLAIN } from '../support/archives.js'
import { chunksOf } from '../support/chunks.js'
import { freshFolder } from '../support/folder.js'

const context = runContext()
const plain = packed(dockerSave(PLAIN))
const zipped = new Uint8Array(gzipSync(plain))

const inFolder = freshFolder()
beforeEach(() => {
  writeFileSync(inFolder('plain'), plain)
  writeFileSync(inFolder('zipped'), zipped)
})

const bytesOf = (source: OpenSource) => source.read({ offset: 0, length: source.size })

describe('the tar in an archive', () => {
  test.each([
    ['a plain file', 'none', () => openPlainTar(inFolder('plain'), context)],
    ['a compressed file', 'gzip', () => openPlainTar(inFolder('zipped'), context)],
    ['a plain pipe', 'none', () => openPlainTar('-', context, { stdin: chunksOf(plain, [3]) })],
    ['a compressed pipe', 'gzip', () => openPlainTar('-', context, { stdin: chunksOf(zipped, [3]) })],
    ['bytes at hand', 'none', () => openPlainTar('x.tar', context, { source: bytesSource(plain, 'x') })],
    ['compressed bytes at hand', 'gzip', () => openPlainTar('x.tar', context, { source: bytesSource(zipped, 'x') })],
  ] as const)('of %s can be read anywhere', async (_, expected, open) => {
    const { source, compression, findings } = await open()
    await using opened = source
    expect(compression).toBe(expected)
    expect(findings).toEqual([])
    expect(await bytesOf(opened)).toEqual(plain)
  })

  test('ends where the compressed stream breaks, and that is found', async () => {
    const { source, findings } = await openPlainTar('-', context, { stdin: chunksOf(zipped.subarray(0, -100)) })
    await using opened = source
    expect(findings).toMatchObject([{ code: 'ARCHIVE_COMPRESSION' }])
    const bytes = await bytesOf(opened)
    expect(bytes).toEqual(plain.subarray(0, bytes.length))
  })

  test('is not there where nothing is given for standard input', async () => {
    await expect(openPlainTar('-', context)).rejects.toMatchObject({ code: 'ERR_USAGE' })
  })
})

describe('bytes at hand in place of those of a path', () => {
  test('are what is opened, and stay open', async () => {
    await using source = await fileSource(inFolder('zipped'), 'kept')
    for (const access of ['once', 'random'] as const) {
      await using archive = await openArchive('-', context, { source, access })
      expect(archive.images.map(({ names }) => names)).toEqual([['app:1']])
      expect(archive.passed).toBeUndefined()
    }
    expect(await source.read({ offset: 0, length: 2 })).toEqual(zipped.subarray(0, 2))
  })
})

describe('an archive that says it has passed', () => {
  test('came down a pipe and was read once', async () => {
    const passedOf = async (path: string, options: Parameters<typeof openArchive>[2]) => {
      await using archive = await openArchive(path, context, options)
      return archive.passed
    }
    expect(await passedOf('-', { stdin: chunksOf(plain) })).toBe(true)
    expect(await passedOf('-', { stdin: chunksOf(zipped), access: 'random' })).toBeUndefined()
    expect(await passedOf(inFolder('zipped'), { access: 'once' })).toBeUndefined()
    expect(await passedOf(inFolder('plain'), { access: 'once' })).toBeUndefined()
  })
})
