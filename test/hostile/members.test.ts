import { expect, test } from 'vitest'
import { changed, dockerSave, dockerV1, flipped, json, packed, PLAIN } from '../support/archives.js'
import { sha256 } from '../support/chunks.js'
import { file } from '../support/layers.js'
import { told } from '../support/opened.js'
import { attacked, attackedBy } from './support.js'

const SAVED = dockerSave(PLAIN)
const [base = new Uint8Array(0)] = PLAIN.layers

test('of a member that stands twice the last counts, and it is told where', async () => {
  const evil = { path: `${sha256(base)}.tar`, content: 'evil' }
  for (const { findings, reports } of await attacked({ members: SAVED, before: [evil] })) {
    const duplicate = findings.find(({ code }) => code === 'MEMBER_DUPLICATE')
    expect(duplicate?.where).toMatchObject({ path: evil.path, offset: expect.any(Number) as number })
    expect(reports[0]?.layers[0]?.diffID).toBe(`sha256:${sha256(base)}`)
  }
})

test('a second manifest.json decides, as it does for docker', async () => {
  const first = { path: './manifest.json', content: '[]' }
  for (const outcome of await attacked({ members: SAVED, before: [first] })) {
    expect(told(outcome)).toContain('MEMBER_DUPLICATE')
    expect(outcome.reports).toHaveLength(1)
  }
})

test.each(['../../evil', '/evil', 'a/../../evil'])('a member called %s is told', async (path) => {
  for (const outcome of await attacked({ members: SAVED, before: [file(path)] })) {
    expect(told(outcome)).toContain('MEMBER_UNSAFE_PATH')
  }
})

test.each(['../../../etc/passwd', '/etc/passwd', '..', ''])(
  'a config at %j is not looked for outside',
  async (Config) => {
    const members = changed(SAVED, { 'manifest.json': json([{ Config, RepoTags: [], Layers: [] }]) })
    for (const outcome of await attacked({ members })) expect(told(outcome)).toContain('CONFIG_MISSING')
  },
)

test('a header that cannot be read stops the members, not what stands before it', async () => {
  const whole = packed(SAVED)
  const last = whole.length - 1024 - 1024
  for (const outcome of await attackedBy(flipped(whole, last + 148))) {
    expect([...outcome.findings.map(({ where }) => where.offset), outcome.error?.hint]).not.toEqual([undefined])
  }
})

test('parents that form a circle end', async () => {
  const [first, second] = ['a'.repeat(64), 'b'.repeat(64)]
  const members = new Map([
    [`${first}/json`, json({ id: first, parent: second })],
    [`${first}/layer.tar`, base],
    [`${second}/json`, json({ id: second, parent: first })],
    [`${second}/layer.tar`, base],
    ['repositories', json({ x: { y: first } })],
  ])
  for (const outcome of await attacked({ members })) expect(told(outcome)).toContain('V1_CYCLE')
})

test('a parent that is a path is no parent', async () => {
  const id = 'c'.repeat(64)
  const members = new Map([
    [`${id}/json`, json({ id, parent: '../../etc' })],
    [`${id}/layer.tar`, base],
    ['repositories', json({ x: { y: id } })],
  ])
  for (const outcome of await attacked({ members })) expect(told(outcome)).toContain('V1_PARENT_MISSING')
})

test('a long chain of v1 parents is walked without recursion', async () => {
  const members = dockerV1({ names: ['deep:1'], layers: Array.from({ length: 2000 }, () => base) })
  for (const outcome of await attacked({ members })) expect(told(outcome)).toContain('LAYER_DEPTH')
})
