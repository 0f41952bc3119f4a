import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseOperand } from '../../src/formats/operand.js'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imgtar-test-'))
  for (const name of ['app.tar', 'odd:1.tar', 'docker-archive:x']) await writeFile(join(folder, name), '')
})
afterAll(() => rm(folder, { recursive: true }))

test.each([
  ['app.tar', 'app.tar', {}],
  ['app.tar:name:tag', 'app.tar', { choice: { kind: 'name', name: 'name:tag' } }],
  ['app.tar:@1', 'app.tar', { choice: { kind: 'index', index: 1 } }],
  ['app.tar:@container=web', 'app.tar', { choice: { kind: 'container', container: 'web' } }],
  ['odd:1.tar', 'odd:1.tar', {}],
  ['odd:1.tar:x', 'odd:1.tar', { choice: { kind: 'name', name: 'x' } }],
  ['gone.tar:x', 'gone.tar', { choice: { kind: 'name', name: 'x' } }],
])('%s is taken apart', async (text, path, more) => {
  expect(await parseOperand(join(folder, text))).toEqual({
    text: join(folder, text),
    path: join(folder, path),
    ...more,
  })
})

test('a transport may stand before the path', async () => {
  const path = join(folder, 'app.tar')
  expect(await parseOperand(`docker-archive:${path}:x`)).toMatchObject({
    transport: 'docker-archive',
    path,
    choice: { name: 'x' },
  })
  expect(await parseOperand(`oci:${path}`)).toMatchObject({ transport: 'oci', path })
})

test('an image of a pipe may be chosen', async () => {
  expect(await parseOperand('-')).toEqual({ text: '-', path: '-' })
  expect(await parseOperand('-:@2')).toMatchObject({ path: '-', choice: { kind: 'index', index: 2 } })
})

test.each(['-:@', '-:@x', '-:@-1', '-:@99999999999999999999'])('%s chooses nothing', async (text) => {
  await expect(parseOperand(text)).rejects.toMatchObject({ code: 'ERR_REFERENCE' })
})
