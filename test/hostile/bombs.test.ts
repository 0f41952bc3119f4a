import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { concatenated } from '../support/chunks.js'
import { digest, dockerSave, layer, packed, PLAIN, type ImageFixture } from '../support/archives.js'
import { layerTar } from '../support/layers.js'
import { member, tarOf } from '../support/tar-blocks.js'
import { told } from '../support/opened.js'
import { attacked, attackedBy } from './support.js'

const ZEROS = new Uint8Array(gzipSync(new Uint8Array(80 * 1024 * 1024)))

test('a layer that expands beyond all measure is stopped, and the rest is proved', async () => {
  const image: ImageFixture = { names: ['bomb:1'], layers: [layer('a'), ZEROS] }
  for (const { findings, reports } of await attacked({ members: dockerSave(image) })) {
    const limit = findings.find(({ code }) => code === 'LIMIT_REACHED')
    expect(limit?.where).toMatchObject({ layer: 1, offset: expect.any(Number) as number })
    expect(reports[0]?.layers[1]?.digest).toBe(digest(ZEROS))
  }
})

test('an archive that expands beyond all measure is stopped', async () => {
  for (const outcome of await attackedBy(ZEROS)) expect(told(outcome)).toContain('LIMIT_REACHED')
})

test('gzip around gzip is taken off once', async () => {
  const twice = gzipSync(gzipSync(packed(dockerSave(PLAIN))))
  for (const { error } of await attackedBy(new Uint8Array(twice))) expect(error?.code).toBe('ERR_NOT_ARCHIVE')
})

test('a header that claims more bytes than there are is cut', async () => {
  const huge = tarOf(member({ name: 'manifest.json', raw: { 124: '77777777777\0' } }))
  for (const outcome of await attackedBy(huge)) expect(told(outcome)).toContain('ARCHIVE_TRUNCATED')
})

test('more members than the limit allows are not read', async () => {
  const many = layerTar(Array.from({ length: 50 }, (_, at) => ({ path: `f${at}` })))
  for (const outcome of await attackedBy(many, { entries: 10 })) expect(told(outcome)).toContain('LIMIT_REACHED')
})

test('a path deeper than the limit is told', async () => {
  const deep = layer('d/'.repeat(100) + 'f')
  const image: ImageFixture = { names: ['deep:1'], layers: [deep] }
  for (const { findings } of await attacked({ members: dockerSave(image), limits: { depth: 64 } })) {
    expect(findings.find(({ code }) => code === 'LIMIT_REACHED')?.where.layer).toBe(0)
  }
})

test('bytes behind the end of an archive are told where they begin', async () => {
  const whole = packed(dockerSave(PLAIN))
  for (const { findings } of await attackedBy(concatenated(whole, layer('hidden')))) {
    expect(findings.find(({ code }) => code === 'ARCHIVE_TRAILING_BYTES')?.where.offset).toBe(whole.length)
  }
})
