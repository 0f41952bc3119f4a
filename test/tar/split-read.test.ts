import { describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../src/context.js'
import type { SplitEntry } from '../../src/tar/split-line.js'
import { readSplit } from '../../src/tar/split-read.js'
import { splitSize } from '../../src/tar/split-size.js'
import { chunksOf, concatenated } from '../support/chunks.js'
import { sidecarOf } from '../support/data-root.js'
import { member, tarOf } from '../support/tar-blocks.js'
import { SPLIT_LAYER } from '../support/tar-members.js'

const PLACE = { limits: DEFAULT_LIMITS, location: 'sidecar' }
const text = (bytes: Uint8Array) => new TextDecoder('latin1').decode(bytes)
const ascii = (characters: string) => new TextEncoder().encode(characters)
const sizeOf = (sidecar: Uint8Array) => splitSize(chunksOf(sidecar), PLACE)

async function entriesOf(
  sidecar: Uint8Array,
  cuts: readonly number[] = [],
  limits = DEFAULT_LIMITS,
): Promise<SplitEntry[]> {
  const all: SplitEntry[] = []
  for await (const batch of readSplit(chunksOf(sidecar, cuts), { ...PLACE, limits })) {
    all.push(...batch)
  }
  return all
}

describe('a sidecar', () => {
  test('reads the same however it is cut', async () => {
    const sidecar = sidecarOf(SPLIT_LAYER)
    const whole = await entriesOf(sidecar)
    expect(whole.length).toBeGreaterThan(10)
    for (let cut = 1; cut < sidecar.length; cut += 1009) expect(await entriesOf(sidecar, [cut])).toEqual(whole)
  })

  test.each([
    ['is no JSON', '{"type":2', 'ERR_JSON'],
    ['has an unknown type', '{"type":3,"payload":"","position":0}', 'ERR_DOCUMENT'],
    ['has a type nested too deep', `{"type":${'['.repeat(9000)}${']'.repeat(9000)}}`, 'ERR_DOCUMENT'],
    ['has a payload that is no base64', '{"type":2,"payload":"*","position":0}', 'ERR_DOCUMENT'],
    ['has a size below zero', '{"type":1,"name":"a","size":-1,"payload":"AAAAAAAAAAA=","position":0}', 'ERR_DOCUMENT'],
    [
      'has a checksum of another length',
      '{"type":1,"name":"a","size":1,"payload":"AAAA","position":0}',
      'ERR_DOCUMENT',
    ],
    [
      'names a file twice',
      '{"type":1,"name":"a","payload":null}\n{"type":1,"name":"./a","payload":null}',
      'ERR_DOCUMENT',
    ],
    ['is another document', '[]', 'ERR_DOCUMENT'],
    ['is cut within a segment', '{"type":2,"payload":"AAAA","position":', 'ERR_JSON'],
    ['is cut within a file', '{"type":1,"name":"a","payload":null,"position":', 'ERR_JSON'],
    ['has a payload with letters of the URL-safe alphabet', '{"type":2,"payload":"AA-_","position":0}', 'ERR_DOCUMENT'],
    ['has a file without a checksum', '{"type":1,"name":"a","size":1,"payload":null,"position":0}', 'ERR_DOCUMENT'],
  ])('that %s is refused with a code', async (_, line, code) => {
    await expect(entriesOf(ascii(`${line}\n`))).rejects.toMatchObject({ code, location: 'sidecar' })
  })

  test('has no line longer than the limit allows, and is told where it begins', async () => {
    const limits = { ...DEFAULT_LIMITS, json: 10_000 }
    const sidecar = ascii(`{"type":2,"payload":"QUJD","position":0}\n${'A'.repeat(300_000)}`)
    const reading = entriesOf(sidecar, [7, 100_000, 200_001], limits)
    await expect(reading).rejects.toMatchObject({ code: 'ERR_LIMIT', location: 'sidecar', offset: 41 })
  })

  test('is read alike in the form that docker writes and in any other', async () => {
    const lines = [
      ['{"type":2,"payload":"QUJD","position":0}', '{ "position": 0, "payload": "QUJD", "type": 2 }'],
      [
        '{"type":1,"name":"a b","size":3,"payload":"AQIDBAUGBwg=","position":1}',
        '{"type":1,"name":"\\u0061 b","size":3,"payload":"AQIDBAUGBwg=","position":1}',
      ],
      ['{"type":1,"name":"d/","payload":null,"position":2}', '{"type":1,"name":"d/","size":0,"position":2} '],
      ['{"type":1,"name":"ü","payload":null,"position":3}', '{"type":1,"name_raw":"w7w=","payload":null,"position":3}'],
    ]
    for (const [usual = '', other = ''] of lines) {
      const entries = await entriesOf(ascii(usual))
      expect(entries).toHaveLength(1)
      expect(await entriesOf(ascii(other))).toEqual(entries)
    }
  })

  test('has the size of the tar that it makes, in whatever form its lines are', async () => {
    const links = tarOf(
      member({ name: 'l', type: '2', link: 'x', size: 700 }),
      member({ name: 'z' }, 'z'),
      member({ name: 'dev', type: '3', size: 90 }),
    )
    for (const tar of [SPLIT_LAYER, links, tarOf(), concatenated(SPLIT_LAYER, new Uint8Array(2000))]) {
      const sidecar = sidecarOf(tar)
      expect(await sizeOf(sidecar)).toBe(tar.length)
      const others = text(sidecar).replaceAll('{"type":', '{ "type":')
      expect(await sizeOf(ascii(others))).toBe(tar.length)
    }
  })

  test('is read where several values stand in one line, and name_raw wins', async () => {
    const line =
      '{"type":2,"payload":"QQ==","position":0} {"type":1,"name":"n","name_raw":"Yv8=","payload":null,"position":1}'
    const [segment, file] = await entriesOf(ascii(line))
    expect(segment).toEqual({ kind: 'segment', bytes: Uint8Array.of(65) })
    expect(file).toMatchObject({ kind: 'file', name: 'b\xff', size: 0 })
  })
})
