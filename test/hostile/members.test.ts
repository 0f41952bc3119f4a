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

test.each([
  ['that form a circle', 'a'.repeat(64), 'V1_CYCLE'],
  ['of which one is not there', 'c'.repeat(64), 'V1_PARENT_MISSING'],
  ['of which one is a path', '../../etc', 'V1_PARENT_MISSING'],
])('an image with parents %s is not whole', async (_, grandparent, code) => {
  const [top, below] = ['a'.repeat(64), 'b'.repeat(64)]
  const members = new Map([
    [`${top}/json`, json({ id: top, parent: below })],
    [`${top}/layer.tar`, base],
    [`${below}/json`, json({ id: below, parent: grandparent })],
    [`${below}/layer.tar`, base],
    ['repositories', json({ x: { y: top } })],
  ])
  for (const outcome of await attacked({ members })) {
    expect(told(outcome)).toContain(code)
    const [image] = outcome.images
    expect(image?.layers.map(({ state }) => state)).toEqual(['missing', 'stored', 'stored'])
  }
})

test('a long chain of v1 parents is walked to a limit, and not taken for a circle', async () => {
  const members = dockerV1({ names: ['deep:1'], layers: Array.from({ length: 1001 }, () => base) })
  for (const outcome of await attacked({ members })) {
    expect(told(outcome)).toEqual(expect.arrayContaining(['LAYER_DEPTH', 'LIMIT_REACHED']))
    expect(told(outcome)).not.toContain('V1_CYCLE')
    expect(outcome.images[0]?.layers[0]?.state).toBe('missing')
  }
})
