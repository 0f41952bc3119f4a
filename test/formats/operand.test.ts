import { expect, test } from 'vitest'
import { parseOperand } from '../../src/formats/operand.js'
import { testFolder } from '../support/folder.js'

const at = testFolder({ 'app.tar': '', 'odd:1.tar': '', 'docker-archive:x': '' })

test.each([
  ['app.tar', 'app.tar', {}],
  ['app.tar:name:tag', 'app.tar', { choice: { kind: 'name', name: 'name:tag' } }],
  ['app.tar:@1', 'app.tar', { choice: { kind: 'index', index: 1 } }],
  ['app.tar:@container=web', 'app.tar', { choice: { kind: 'container', container: 'web' } }],
  ['odd:1.tar', 'odd:1.tar', {}],
  ['odd:1.tar:x', 'odd:1.tar', { choice: { kind: 'name', name: 'x' } }],
  ['gone.tar:x', 'gone.tar', { choice: { kind: 'name', name: 'x' } }],
])('%s is taken apart', async (text, path, more) => {
  expect(await parseOperand(at(text))).toEqual({
    text: at(text),
    path: at(path),
    ...more,
  })
})

test('a transport may stand before the path', async () => {
  const path = at('app.tar')
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
