import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runContext } from '../../../src/context.js'
import { openArchive } from '../../../src/formats/index.js'
import { damagedLayers, gone, pinpoint } from '../../../src/ops/pinpoint/index.js'
import { verify } from '../../../src/ops/verify.js'
import { dockerSave, flipped, offsetOf, packed } from '../../support/archives.js'
import { file, layerTar } from '../../support/layers.js'
import { noise } from '../../support/packages.js'

const layers = Array.from({ length: 18 }, (_, index) =>
  layerTar([file(`data ${String(index)}`, { content: noise(String(index), 3000) })]),
)
const whole = packed(dockerSave({ names: ['app:1'], layers }))
const damaged = layers.reduce((bytes, layer) => flipped(bytes, offsetOf(whole, layer) + 1000), whole)

test('of many damaged layers some are looked into, and it is told how many are left', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imgtar-test-'))
  try {
    await writeFile(join(folder, 'archive.tar'), damaged)
    const context = runContext()
    await using archive = await openArchive(join(folder, 'archive.tar'), context)
    const { measurements } = await verify(archive, context)
    const found = damagedLayers(archive, measurements)
    expect(found).toHaveLength(18)
    const told = await pinpoint(archive, found, { against: [], sidecars: [] }, context)
    expect(told.map(({ where }) => where.layer)).toEqual([...Array(16).keys(), undefined])
    expect(told.at(-1)?.message).toContain('2 more damaged layers were not looked into')
    expect(gone(archive, found).map(({ code, message }) => `${code}: ${message}`)).toEqual([
      'DAMAGE_UNPLACED: 18 damaged layers came through a pipe: give the archive as a file to learn which files are damaged',
    ])
    expect(gone(archive, [])).toEqual([])
  } finally {
    await rm(folder, { recursive: true })
  }
})
