import { expect, test } from 'vitest'
import { runContext } from '../../src/context.js'
import { openArchive } from '../../src/formats/index.js'
import { history } from '../../src/ops/history.js'
import { historyOfLayers } from '../../src/ops/history-steps.js'
import { json, layer, packed } from '../support/archives.js'
import { testFolder } from '../support/folder.js'

const [base, middle, top] = ['a'.repeat(64), 'b'.repeat(64), 'c'.repeat(64)]

function v1Image(id: string, parent: string | undefined, step: string): [string, Uint8Array][] {
  const document = { id, ...(parent !== undefined && { parent }), container_config: { Cmd: [step] } }
  return [
    [`${id}/VERSION`, json('1.0')],
    [`${id}/json`, json(document)],
    [`${id}/layer.tar`, layer(step)],
  ]
}

const WHOLE = [...v1Image(base, undefined, 'ADD'), ...v1Image(middle, base, 'ENV'), ...v1Image(top, middle, 'CMD')]
const REPOSITORIES = ['repositories', json({ app: { 1: top } })] as const
const at = testFolder({
  'whole.tar': packed(new Map([...WHOLE, REPOSITORIES])),
  'no-base.tar': packed(new Map([...WHOLE.filter(([path]) => !path.startsWith(base)), REPOSITORIES])),
})

test.each([
  ['of docker up to 1.9', 'whole.tar', ['ADD', 'ENV', 'CMD']],
  ['whose first parent is not in the archive', 'no-base.tar', ['', 'ENV', 'CMD']],
])('each step of an image %s stands beside its own layer', async (_, file, commands) => {
  await using archive = await openArchive(at(file), runContext())
  const [image] = archive.images
  if (image === undefined) throw new Error('no image')
  const { history: steps } = await history(image, runContext())
  const told = steps.map(({ createdBy, layer }) => ({ createdBy, path: image.layers[layer ?? -1]?.path }))
  const paths = [base, middle, top].map((id) => `${id}/layer.tar`)
  expect(told.reverse()).toEqual(commands.map((createdBy, index) => ({ createdBy, path: paths[index] })))
  expect(historyOfLayers(image).map((step) => step?.created_by ?? '')).toEqual(commands)
})
