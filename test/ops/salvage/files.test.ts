import { readFile, readdir } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { directoryOutput } from '../../../src/bytes/output-directory.js'
import { runContext } from '../../../src/context.js'
import { ArchiveError } from '../../../src/errors.js'
import { openArchive } from '../../../src/formats/index.js'
import { looseMembers } from '../../../src/formats/salvage/members.js'
import type { ArchiveWriter } from '../../../src/ops/archive-writer.js'
import { saveFiles } from '../../../src/ops/salvage/files.js'
import { salvage } from '../../../src/ops/salvage/index.js'
import { dockerSave, flipped, layer, offsetOf, packed } from '../../support/archives.js'
import { testFolder } from '../../support/folder.js'

const context = runContext()
const [base, top] = [layer('base'), layer('top', 'much to see')]
const whole = packed(dockerSave({ names: ['team/app:1'], layers: [base, top] }))
const at = testFolder({ 'broken.tar': flipped(whole, offsetOf(whole, top) + 520), 'whole.tar': whole })

async function saved(file: string, folder: string, writeArchive: ArchiveWriter = () => Promise.resolve(7)) {
  await using output = await directoryOutput(at(folder), { force: false })
  await using broken = await looseMembers(at(file), context, {})
  await using opened = await openArchive(at(file), context, { access: 'random' })
  const salvaged = await salvage(broken, { sources: [], opened }, context)
  const result = await saveFiles(salvaged, { output, partial: true, writeArchive }, context)
  await output.commit()
  return result
}

test('what is intact of an image that is not whole goes to files, and what can be read of it', async () => {
  const { written, parts, images } = await saved('broken.tar', 'saved')
  expect(written).toBeNull()
  expect(parts.map(({ kind, state }) => [kind, state])).toEqual([
    ['layer', 'intact'],
    ['config', 'intact'],
  ])
  for (const { path, size } of parts) expect((await readFile(path)).length).toBe(size)
  expect(images.map(({ partial }) => partial?.path)).toEqual([at('saved', '0-team_app_1.partial.tar')])
  expect(await readFile(at('saved', '0-team_app_1.partial.txt'), 'utf8')).toContain('Layers that are damaged: 1;')
})

test('images that are whole go into one archive, of which nothing is kept beside', async () => {
  const { written, parts, images } = await saved('whole.tar', 'all')
  expect(written).toEqual({ path: at('all', 'images.tar'), size: 7 })
  expect([parts, images.map(({ partial }) => partial)]).toEqual([[], [undefined]])
  expect(await readdir(at('all'))).toEqual([])
})

test('what cannot be written is told by the place that was named, and nothing stays', async () => {
  const full: ArchiveWriter = (_, place) =>
    Promise.reject(new ArchiveError('ERR_OUTPUT', 'no space', { location: place?.path ?? '' }))
  const location = at('none', 'images.tar')
  await expect(saved('whole.tar', 'none', full)).rejects.toMatchObject({ code: 'ERR_OUTPUT', location })
  expect(await readdir(at())).not.toContain('none')
})
