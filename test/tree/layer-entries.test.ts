import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { decompress } from '../../src/bytes/compression.js'
import { bytesSource, chunksOf, type ByteSource } from '../../src/bytes/source.js'
import { DEFAULT_LIMITS, runContext } from '../../src/context.js'
import { ArchiveError } from '../../src/errors.js'
import { findingLog } from '../../src/model/finding-log.js'
import type { Layer } from '../../src/model/image.js'
import type { TarEntry } from '../../src/tar/entry.js'
import { entriesOf, scanLayer } from '../../src/tree/layer-entries.js'
import { file, layerOfBytes, layerTar, missingLayer } from '../support/layers.js'

const context = runContext()
const three = [file('a', { content: 'x'.repeat(100_000) }), file('b', { content: 'y'.repeat(2_000_000) }), file('c')]

function gzipped(bytes: Uint8Array): Layer {
  const blob = bytesSource(bytes, 'layer.tar.gz')
  const options = { limits: DEFAULT_LIMITS, location: 'layer.tar.gz' }
  return { ...layerOfBytes(2, bytes), blob, offset: 1000, tar: () => decompress('gzip', chunksOf(blob), options) }
}

async function* failing(error: ArchiveError): AsyncGenerator<Uint8Array> {
  yield await Promise.reject<Uint8Array>(error)
}

async function scan(layer: Layer, limits = DEFAULT_LIMITS) {
  const log = findingLog('test.tar')
  const names: string[] = []
  const handlers = { onEntry: (entry: TarEntry) => void names.push(entry.path) }
  const whole = await scanLayer(layer, handlers, log, runContext({ limits }))
  return { whole, names, findings: log.findings }
}

test('a plain blob is hopped over: its contents are not read', async () => {
  const layer = layerOfBytes(0, layerTar(three))
  let bytesRead = 0
  const counted: ByteSource = {
    location: 'counted',
    size: layer.blob?.size ?? 0,
    read(span) {
      bytesRead += span.length
      return layer.blob?.read(span) ?? Promise.reject(new Error('no blob'))
    },
  }
  expect(await drain(entriesOf({ ...layer, blob: counted }, context))).toEqual(['a', 'b', 'c'])
  expect(bytesRead).toBeLessThan(500_000)
})

test('a compressed blob gives the same entries', async () => {
  expect(await drain(entriesOf(gzipped(gzipSync(layerTar(three))), context))).toEqual(['a', 'b', 'c'])
})

test('entries of a broken tar end with an error that says where', async () => {
  const cut = layerOfBytes(0, layerTar(three).subarray(0, 50_000))
  await expect(drain(entriesOf(cut, context))).rejects.toMatchObject({
    code: 'ERR_TRUNCATED',
    offset: 50_000,
  })
})

async function drain(entries: AsyncIterable<TarEntry>): Promise<string[]> {
  const names: string[] = []
  for await (const entry of entries) names.push(entry.path)
  return names
}

test('a scan of a cut tar tells what came before, and where it stopped', async () => {
  const { whole, names, findings } = await scan(layerOfBytes(1, layerTar(three).subarray(0, 150_000)))
  expect({ whole, names }).toEqual({ whole: false, names: ['a', 'b'] })
  expect(findings).toMatchObject([
    {
      code: 'LAYER_TAR',
      where: { archive: 'test.tar', path: 'layer-1.tar', layer: 1, entry: 'b', layerOffset: 150_000 },
    },
  ])
})

test('a scan of a damaged compression tells what came before, and where in the archive it stopped', async () => {
  const bytes = gzipSync(layerTar(three))
  const { whole, findings } = await scan(gzipped(bytes.subarray(0, bytes.length - 500)))
  expect(whole).toBe(false)
  expect(findings).toMatchObject([
    { code: 'LAYER_COMPRESSION', where: { layer: 2, offset: 1000 + bytes.length - 500 } },
  ])
})

test('a compression that cannot be undone here is a finding that says what can be done', async () => {
  const hint = 'decompress it first'
  const tar = () => failing(new ArchiveError('ERR_UNSUPPORTED', 'a window too large', { offset: 0, hint }))
  const { whole, findings } = await scan({ ...gzipped(gzipSync(layerTar(three))), tar })
  expect(whole).toBe(false)
  expect(findings).toMatchObject([
    {
      code: 'LAYER_COMPRESSION',
      message: 'a window too large; decompress it first',
      where: { layer: 2, offset: 1000 },
    },
  ])
})

test('a missing layer is a finding', async () => {
  const { whole, findings } = await scan(missingLayer(3, new ArchiveError('ERR_NOT_FOUND', 'layer 3 is not there')))
  expect(whole).toBe(false)
  expect(findings).toMatchObject([{ code: 'LAYER_MISSING', where: { layer: 3, path: 'layer-3.tar' } }])
})

test('too many entries are a finding', async () => {
  const { names, findings } = await scan(layerOfBytes(0, layerTar(three)), { ...DEFAULT_LIMITS, entries: 2 })
  expect(names).toEqual(['a', 'b'])
  expect(findings).toMatchObject([{ code: 'LIMIT_REACHED', message: expect.stringContaining('2') }])
})

test('what a handler throws is no fault of the layer', async () => {
  const thrown = new ArchiveError('ERR_LIMIT', 'enough')
  const onEntry = () => {
    throw thrown
  }
  const log = findingLog('test.tar')
  await expect(scanLayer(layerOfBytes(0, layerTar(three)), { onEntry }, log, context)).rejects.toBe(thrown)
  expect(log.findings).toEqual([])
})

test('an interruption is no fault of the layer', async () => {
  const signal = AbortSignal.abort()
  const run = scanLayer(layerOfBytes(0, layerTar(three)), { onEntry: () => undefined }, findingLog('test.tar'), {
    ...context,
    signal,
  })
  await expect(run).rejects.toMatchObject({ code: 'ERR_ABORTED' })
})
