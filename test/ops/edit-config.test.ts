import { describe, expect, test } from 'vitest'
import { imageConfig } from '../../src/model/config.js'
import type { Image } from '../../src/model/image.js'
import { parseJson } from '../../src/model/json.js'
import { withEditedConfigs, type ConfigEdits } from '../../src/ops/edit-config.js'

const TEXT =
  '{"x":1.50,"config":{"Env":["A=1","B=2"],"Cmd":["c"],"Labels":{"a":"b"},"Own":{"k":[1]}},' +
  '"created":"2026-01-01T00:00:00Z","history":[{"created":"2026-01-01T00:00:00Z"}],"rootfs":{"type":"layers","diff_ids":[]}}'

function image(text: string): Image {
  const document = parseJson(new TextEncoder().encode(text), imageConfig, 'config.json')
  return {
    names: [],
    platform: { os: 'linux', architecture: 'amd64' },
    config: document.value,
    configSource: { kind: 'stored', document, path: 'config.json' },
    manifest: undefined,
    layers: [],
    attachments: [],
    path: 'manifest.json',
  }
}

function edited(edits: Partial<ConfigEdits>, text = TEXT): string {
  const none = { env: [], unsetEnv: [], labels: [], unsetLabels: [], changes: [], createdBy: 'imgtar config' }
  const one = image(text)
  const [next] = withEditedConfigs([one], new Set([one]), { ...none, ...edits })
  return next?.configSource.kind === 'stored' ? new TextDecoder().decode(next.configSource.document.bytes) : ''
}

const config = (edits: Partial<ConfigEdits>): unknown => {
  const document: unknown = JSON.parse(edited(edits))
  return typeof document === 'object' && document !== null && 'config' in document ? document.config : undefined
}

describe('an edit', () => {
  test('leaves everything else as it is, order, unknown keys and digits, and adds a step without layer', () => {
    expect(edited({ user: '<me>' })).toBe(
      '{"x":1.50,"config":{"Env":["A=1","B=2"],"Cmd":["c"],"Labels":{"a":"b"},"Own":{"k":[1]},"User":"\\u003cme\\u003e"},' +
        '"created":"2026-01-01T00:00:00Z","history":[{"created":"2026-01-01T00:00:00Z"},' +
        '{"created":"2026-01-01T00:00:00Z","created_by":"imgtar config","empty_layer":true}],' +
        '"rootfs":{"type":"layers","diff_ids":[]}}',
    )
  })

  test('of variables and labels keeps their places', () => {
    expect(config({ env: ['A=3', 'C=4'], unsetEnv: ['B'], labels: ['c=d=e'], unsetLabels: ['a'] })).toMatchObject({
      Env: ['A=3', 'C=4'],
      Labels: { c: 'd=e' },
    })
  })

  test('of commands takes JSON or a text, and the empty text takes them away', () => {
    expect(config({ cmd: '["x", "y"]', entrypoint: 'echo $A' })).toMatchObject({
      Cmd: ['x', 'y'],
      Entrypoint: ['/bin/sh', '-c', 'echo $A'],
    })
    expect(config({ cmd: '' })).not.toHaveProperty('Cmd')
    expect(config({ entrypoint: '["e"]' })).toMatchObject({ Cmd: ['c'] })
  })

  test('takes Dockerfile instructions, after all else', () => {
    expect(config({ env: ['P=/p'], changes: ['ENV Q=$P/q', 'WORKDIR sub'] })).toMatchObject({
      Env: ['A=1', 'B=2', 'P=/p', 'Q=/p/q'],
      WorkingDir: '/sub',
    })
    expect(() => edited({ changes: ['RUN x'] })).toThrow(expect.objectContaining({ code: 'ERR_USAGE' }))
  })

  test('has the time that is given', () => {
    const text = edited({ user: 'x', created: '2027-01-01T00:00:00Z' })
    expect(text).toContain('"created":"2027-01-01T00:00:00Z","history"')
    expect(text).toContain('{"created":"2027-01-01T00:00:00Z","created_by"')
  })

  test('may be of the time alone', () => {
    expect(edited({ created: '2027-01-01T00:00:00Z' })).toContain('"created":"2027-01-01T00:00:00Z","history"')
    const odd = '{"config":{"Own":1.50,"Env":null},"created":"2026-01-01T00:00:00Z"}'
    expect(edited({ created: '2027-01-01T00:00:00Z' }, odd)).toBe(odd.replace('2026', '2027'))
  })

  test.each([{ env: ['A=1'] }, { cmd: '["c"]' }, { created: '2026-01-01T00:00:00Z' }, { changes: ['LABEL a=b'] }])(
    'that changes nothing, as %j, makes no new image',
    (edits) => {
      expect(() => edited(edits)).toThrow(expect.objectContaining({ code: 'ERR_USAGE' }))
    },
  )

  const later = '2027-01-01T00:00:00Z'

  test('that changes something is from the time that all edits are from, unless it says another', () => {
    expect(edited({ user: 'x', editedAt: later })).toBe(edited({ user: 'x', created: later }))
    expect(edited({ user: 'x', editedAt: '1999-01-01T00:00:00Z', created: later })).toContain(`"created":"${later}"`)
  })

  test('that changes nothing changes no time either', () => {
    expect(() => edited({ env: ['A=1'], editedAt: later })).toThrow(expect.objectContaining({ code: 'ERR_USAGE' }))
    const [same, other] = [image(TEXT), image('{"config":{"Env":["A=0"]},"rootfs":{"type":"layers","diff_ids":[]}}')]
    const edits = { env: ['A=1'], unsetEnv: [], labels: [], unsetLabels: [], changes: [], createdBy: '' }
    const [first, second] = withEditedConfigs([same, other], new Set([same, other]), { ...edits, editedAt: later })
    expect([first === same, second?.config.created]).toEqual([true, later])
  })

  test('that takes away what is not there is refused, whatever else it does', () => {
    expect(() => edited({ env: ['A=2'], unsetEnv: ['NOPE'] })).toThrow(
      expect.objectContaining({
        code: 'ERR_NOT_FOUND',
        message: 'there is no variable NOPE to take away',
        hint: 'the image has A, B',
      }),
    )
    expect(() => edited({ unsetLabels: ['NOPE'] })).toThrow(expect.objectContaining({ hint: 'the image has a' }))
  })

  test.each([{ env: ['C=1'] }, { unsetEnv: ['A'] }])('of a config that is lost is refused: %o', (edits) => {
    const lost: Image = { ...image(TEXT), configSource: { kind: 'absent', path: 'config.json' } }
    const none = { env: [], unsetEnv: [], labels: [], unsetLabels: [], changes: [], createdBy: '' }
    expect(() => withEditedConfigs([lost], new Set([lost]), { ...none, ...edits })).toThrow(
      expect.objectContaining({ code: 'ERR_NOT_FOUND', location: 'config.json' }),
    )
  })

  test('leaves the images that are not chosen alone', () => {
    const [one, two] = [image(TEXT), image(TEXT)]
    const edits = { env: ['C=1'], unsetEnv: [], labels: [], unsetLabels: [], changes: [], createdBy: '' }
    const [first, second] = withEditedConfigs([one, two], new Set([two]), edits)
    expect([first === one, second === two]).toEqual([true, false])
  })

  test('adds no history where there is none', () => {
    expect(edited({ user: 'x' }, '{"rootfs":{"type":"layers","diff_ids":[]}}')).toBe(
      '{"rootfs":{"type":"layers","diff_ids":[]},"config":{"User":"x"}}',
    )
  })
})
