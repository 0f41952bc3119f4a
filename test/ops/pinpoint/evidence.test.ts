import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { bytesSource, chunksOf } from '../../../src/bytes/source.js'
import { diffIDOf, digestOf } from '../../../src/bytes/digest.js'
import { runContext } from '../../../src/context.js'
import type { Layer } from '../../../src/model/image.js'
import { cluesFromSibling } from '../../../src/ops/pinpoint/sibling.js'
import { cluesFromSidecar } from '../../../src/ops/pinpoint/sidecar.js'
import { cluesInside } from '../../../src/ops/pinpoint/inside.js'
import { cluesFromStructure } from '../../../src/ops/pinpoint/structure.js'
import { crc64 } from '../../../src/tar/split-crc64.js'
import { scanSource } from '../../../src/tar/scan.js'
import { measureBlob } from '../../../src/tree/measure.js'
import { uncompressed } from '../../../src/formats/layers.js'
import { flipped } from '../../support/archives.js'
import { file, layerOfBytes, layerTar } from '../../support/layers.js'
import { dpkgLayer, noise, rpmLayer } from '../../support/packages.js'

const BYTES = layerTar([
  file('a', { content: noise('a', 1000) }),
  file('b', { content: noise('b', 3000) }),
  file('c', { content: noise('c', 500) }),
])
const context = runContext()

function layer(bytes: Uint8Array): Layer {
  return { ...layerOfBytes(0, bytes), claims: { diffID: diffIDOf(digestOf(BYTES)) } }
}

const other = { layer: layer(BYTES), archive: 'copy.tar' }

test('another copy tells the very bytes, in contents, headers and padding', async () => {
  // a: header 0, content 512 to 1511, padding to 1535; b: header 1536, content 2048.
  const damaged = [600, 1520, 1560, 2700].reduce((bytes, at) => flipped(bytes, at), BYTES)
  const clues = await cluesFromSibling(layer(damaged), other, context)
  expect(clues?.map(({ code, entry, layerOffset }) => [code, entry, layerOffset])).toEqual([
    ['DAMAGED_FILE', 'a', 600],
    ['DAMAGED_RANGE', 'a', 1520],
    ['DAMAGED_RANGE', 'b', 1560],
    ['DAMAGED_FILE', 'b', 2700],
  ])
  expect(clues?.[0]?.message).toBe('a is not what copy.tar has: byte 600 of the layer')
})

test('a copy that is damaged itself is no witness', async () => {
  const clues = await cluesFromSibling(layer(BYTES), { ...other, layer: layer(flipped(BYTES, 600)) }, context)
  expect(clues).toBeUndefined()
})

/** The sidecar of a tar of files, as tar-split writes it. */
async function sidecarOf(bytes: Uint8Array): Promise<Uint8Array> {
  const lines: string[] = []
  let done = 0
  const segment = (to: number) => {
    if (to > done)
      lines.push(JSON.stringify({ type: 2, payload: Buffer.from(bytes.subarray(done, to)).toString('base64') }))
  }
  await scanSource(
    bytesSource(bytes, 'layer'),
    {
      onEntry({ path, content }) {
        segment(content.offset)
        done = content.offset + content.length
        const sum = crc64()
        sum.update(bytes.subarray(content.offset, done))
        const payload = Buffer.from(sum.hex(), 'hex').toString('base64')
        lines.push(JSON.stringify({ type: 1, name: path, size: content.length, payload }))
      },
    },
    context,
  )
  segment(bytes.length)
  return gzipSync(`${lines.join('\n')}\n`)
}

test('a tar-split sidecar tells files by their checksum, headers and padding by their bytes', async () => {
  const sidecar = bytesSource(await sidecarOf(BYTES), 'tar-split.json.gz')
  const damaged = [600, 1520, 1560, 2700].reduce((bytes, at) => flipped(bytes, at), BYTES)
  const clues = await cluesFromSidecar(layer(damaged), sidecar, context)
  expect(clues?.map(({ code, entry, layerOffset }) => [code, entry, layerOffset])).toEqual([
    ['DAMAGED_FILE', 'a', 512],
    ['DAMAGED_RANGE', 'a', 1520],
    ['DAMAGED_RANGE', 'b', 1560],
    ['DAMAGED_FILE', 'b', 2048],
  ])
  expect(await cluesFromSidecar(layer(BYTES), sidecar, context)).toEqual([])
})

test('the sidecar of another layer is no evidence', async () => {
  const strange = layerTar([file('x'.repeat(90), { content: noise('x', 4000), mode: 0o600, uid: 1234567 })])
  const sidecar = bytesSource(await sidecarOf(strange), 'tar-split.json.gz')
  expect(await cluesFromSidecar(layer(dpkgLayer()), sidecar, context)).toBeUndefined()
})

test('a damaged checksum is told of the database, and not of the file it is about', async () => {
  const bytes = dpkgLayer()
  const text = new TextDecoder('latin1').decode(bytes)
  const line = text.indexOf('  usr/bin/greet\n')
  const clues = await cluesInside([layerOfBytes(0, flipped(bytes, line - 4))], 0, context)
  expect(clues.map(({ code, entry }) => [code, entry])).toEqual([['DAMAGED_FILE', 'var/lib/dpkg/info/greet.md5sums']])
  const name = await cluesInside([layerOfBytes(0, flipped(bytes, line + 12))], 0, context)
  expect(name.map(({ entry }) => entry)).toEqual(['var/lib/dpkg/info/greet.md5sums'])
})

test('an undamaged layer gives no clue', async () => {
  expect(await cluesInside([layerOfBytes(0, dpkgLayer())], 0, context)).toEqual([])
  expect(await cluesInside([layerOfBytes(0, rpmLayer())], 0, context)).toEqual([])
})

test('the database of rpm names a damaged file', async () => {
  const bytes = rpmLayer()
  const at = Buffer.from(bytes).indexOf(Buffer.from(noise('worker', 7000), 'latin1'))
  const [clue] = await cluesInside([layerOfBytes(0, flipped(bytes, at + 5000))], 0, context)
  expect(clue?.message).toContain('usr/libexec/hello/worker is not what usr/lib/sysimage/rpm/Packages.db says')
  expect(clue?.expected).toMatch(/^sha256:/)
})

test('damage in the compression is told by the gzip member it lies in', async () => {
  const parts = [BYTES.subarray(0, 2048), BYTES.subarray(2048, 4096), BYTES.subarray(4096)].map((part) =>
    gzipSync(part),
  )
  const stored = Buffer.concat(parts)
  const second = parts[0]?.length ?? 0
  const blob = bytesSource(flipped(stored, second + 40), 'layer.tar.gz')
  const damaged: Layer = { ...layer(BYTES), blob, tar: (run) => uncompressed(blob, run) }
  const { limits } = context
  const measured = await measureBlob(chunksOf(blob), { limits, location: 'layer.tar.gz', layer: 'yes' })
  const clues = await cluesFromStructure(damaged, measured, context)
  expect(clues).toMatchObject([{ code: 'DAMAGED_RANGE', blobOffset: second, layerOffset: 2048 }])
})
