import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { FINDINGS } from '../src/findings.js'
import {
  digest,
  dockerSave,
  flipped,
  layer,
  ociLayout,
  offsetOf,
  packed,
  PLAIN,
  type ImageFixture,
} from './support/archives.js'
import { openedBytes } from './support/opened.js'

const SOURCE = join(import.meta.dirname, '../src')
const index = new TextDecoder().decode(ociLayout(PLAIN).get('index.json'))
const [base = layer('a'), top = layer('b')] = PLAIN.layers

function sources(): string {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  const own = files.filter((file) => file.endsWith('.ts') && !/^(?:findings|errors)\.ts$/.test(file))
  return own.map((file) => readFileSync(join(SOURCE, file), 'utf8')).join('\n')
}

test('every finding of the table is told by some code', () => {
  const text = sources()
  expect(Object.keys(FINDINGS).filter((code) => !text.includes(`'${code}'`))).toEqual([])
})

describe.each(['file', 'pipe'] as const)('offsets in a %s point at the fault', (way) => {
  const whole = packed(dockerSave(PLAIN))

  test('of a cut archive: where the bytes end', async () => {
    const end = offsetOf(whole, top) + 700
    const { error } = await openedBytes(way, whole.subarray(0, end))
    expect(error).toMatchObject({ code: 'ERR_TRUNCATED', offset: end })
    expect(error?.findings.map(({ code }) => code)).toEqual(['ARCHIVE_TRUNCATED'])
  })

  test('of a cut archive that can be read: the same', async () => {
    const archive = packed(ociLayout(PLAIN), [{ path: 'index.json', content: index }])
    const end = offsetOf(archive, top) + 700
    const { findings } = await openedBytes(way, archive.subarray(0, end))
    expect(findings.find(({ code }) => code === 'ARCHIVE_TRUNCATED')?.where.offset).toBe(end)
  })

  test('of a flipped byte in a layer: where the layer begins', async () => {
    const start = offsetOf(whole, top)
    const { findings } = await openedBytes(way, flipped(whole, start + 513))
    const [finding] = findings
    expect(findings).toHaveLength(2)
    expect(finding).toMatchObject({
      code: 'DIFFID_MISMATCH',
      where: { layer: 1, offset: start },
      expected: digest(top),
    })
  })

  test('of a broken header in a layer: the header itself', async () => {
    const start = offsetOf(whole, top)
    const { findings } = await openedBytes(way, flipped(whole, start + 150))
    const broken = findings.find(({ code }) => code === 'LAYER_TAR')
    expect(broken?.where.offset).toBe(start)
  })

  test('of a broken header of the archive: the header itself', async () => {
    const start = offsetOf(whole, top) - 512
    const { error } = await openedBytes(way, flipped(whole, start + 150))
    expect(error).toMatchObject({ offset: start, hint: expect.stringContaining('ARCHIVE_HEADER') as string })
  })

  test('of a compressed layer that is cut: where its compressed bytes end', async () => {
    const zipped = new Uint8Array(gzipSync(top)).subarray(0, -9)
    const image: ImageFixture = { names: [], layers: [base, zipped], diffIDs: [digest(base), digest(top)] }
    const archive = packed(dockerSave(image))
    const { findings } = await openedBytes(way, archive)
    const cut = findings.find(({ code }) => code === 'LAYER_COMPRESSION')
    expect(cut?.where.offset).toBe(offsetOf(archive, zipped) + zipped.length)
  })

  test('of a compressed archive that is cut: where the compressed bytes end', async () => {
    const zipped = new Uint8Array(gzipSync(whole))
    const end = zipped.length - 20
    const { error } = await openedBytes(way, zipped.subarray(0, end))
    const cut = error?.findings.find(({ code }) => code === 'ARCHIVE_COMPRESSION')
    expect(cut?.where.offset).toBe(end)
  })

  test('of a fault in a document: the byte of the archive', async () => {
    const manifest = dockerSave(PLAIN).get('manifest.json') ?? new Uint8Array(0)
    const start = offsetOf(whole, manifest)
    const copy = whole.slice()
    copy[start + 2] = 0x2e // the quote that opens the first key
    const { error } = await openedBytes(way, copy)
    expect(error).toMatchObject({ code: 'ERR_JSON', offset: start + 2 })
  })
})
