import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runContext } from '../../../src/context.js'
import { manifestOf } from '../../../src/formats/write/documents.js'
import { v1Folders } from '../../../src/formats/write/v1-ids.js'
import { openArchive } from '../../../src/formats/index.js'
import { prepareImages } from '../../../src/ops/prepare.js'
import { nullSink } from '../../../src/formats/write/index.js'

const SAMPLES = resolve(import.meta.dirname, '../../../../shared/formats-samples')

describe.skipIf(!existsSync(SAMPLES))('what docker saved', () => {
  test('gets the v1 ids that docker gave it, and the manifest that docker 28 writes', async () => {
    const context = runContext()
    await using archive = await openArchive(resolve(SAMPLES, 'save-20.10-multi.tar'), context)
    const options = { compress: 'keep', holds: new Set(['none' as const]), staging: nullSink('-') } as const
    const [image] = await prepareImages(archive.images, options, context)
    if (image === undefined) throw new Error('there is no image')
    expect(v1Folders(image).map(({ id }) => id.slice(0, 8))).toEqual(['ec0a3d22', 'bc9106a9', 'e6868e14', 'f01ed37f'])
    expect(manifestOf(image).digest.slice(7, 15)).toBe('4ac7ce5b')
  })
})
