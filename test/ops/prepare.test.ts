import { readdir, writeFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { digest, dockerSave, dockerV1, hybrid, layer, packed, PLAIN, type ImageFixture } from '../support/archives.js'
import { freshFolder } from '../support/folder.js'
import { saved, type SaveSettings } from '../support/saving.js'

const inFolder = freshFolder()

async function save(archives: readonly Uint8Array[], settings: SaveSettings = {}): Promise<Uint8Array> {
  const files = archives.map((_, at) => inFolder(`${String(at)}.tar`))
  for (const [at, bytes] of archives.entries()) await writeFile(files[at] ?? '', bytes)
  return saved(files, inFolder('out.tar'), settings)
}

describe('a layer for which no archive claims anything', () => {
  const whole = layer('etc/a', 'a'.repeat(5000))
  const cut = whole.subarray(0, 3000)

  test.each([
    ['a root filesystem', [cut], 3000],
    ['a compressed one', [new Uint8Array(gzipSync(cut))], 3000],
    ['one beside good archives', [packed(dockerSave(PLAIN)), cut], 3000],
    ['a v1 archive', [packed(dockerV1({ names: ['old:1'], layers: [layer('base'), cut] }))], 3000],
  ])('must be a whole tar: %s that is cut is refused, and nothing is written', async (_, archives, offset) => {
    await expect(save(archives)).rejects.toMatchObject({ code: 'ERR_TAR_HEADER', offset })
    expect(await readdir(inFolder())).not.toContain('out.tar')
  })

  test('may end without an end marker, as tars in pipes do', async () => {
    expect((await save([whole.subarray(0, -1024)])).length).toBeGreaterThan(whole.length)
  })
})

describe('an archive whose word is taken', () => {
  const base = layer('base', 'b'.repeat(9000))
  const image = (bytes: Uint8Array): ImageFixture => ({ names: ['app:1'], layers: [bytes], diffIDs: [digest(base)] })
  const gzipped = (bytes: Uint8Array): ImageFixture => ({
    ...image(new Uint8Array(gzipSync(bytes))),
    mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
  })
  const trust = true

  test.each([
    ['plain', packed(dockerSave(image(base)))],
    ['compressed', packed(hybrid(gzipped(base)))],
    ['compressed, of which it does not say what they are', packed(dockerSave(gzipped(base)))],
  ])('gives what it would give if all were measured: layers that are %s', async (_, archive) => {
    expect(Buffer.compare(await save([archive], { trust }), await save([archive]))).toBe(0)
  })
})
