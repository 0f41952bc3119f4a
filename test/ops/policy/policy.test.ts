import { describe, expect, test } from 'vitest'
import { runContext } from '../../../src/context.js'
import type { ImageConfig } from '../../../src/model/config.js'
import { imageConfig } from '../../../src/model/config.js'
import type { Image, ImageArchive } from '../../../src/model/image.js'
import { measure } from '../../../src/ops/measure.js'
import { applyPolicy, baselineOf, needContents, readPolicy, standardOf } from '../../../src/ops/policy/index.js'
import { directory, file, imageOf, layersOf, symlink, type LayerEntry } from '../../support/layers.js'

const context = runContext()
const rulesOf = (text: string) => readPolicy({ file: 'p.yaml', text })

function archiveOf(...images: readonly Image[]): ImageArchive {
  const dispose = () => Promise.resolve()
  return { location: 'a.tar', format: 'test', images, findings: [], loose: [], [Symbol.asyncDispose]: dispose }
}

async function answers(text: string, image: Image, baseline?: Image) {
  const archive = archiveOf(image)
  const old = baseline === undefined ? undefined : archiveOf(baseline)
  const input = {
    archive,
    measurements: await measure(archive, context),
    baseline: old === undefined ? undefined : baselineOf(old, await measure(old, context)),
  }
  const { checks } = await applyPolicy(rulesOf(text), input, context)
  return checks.map(({ ok, message }) => `${ok ? 'ok' : 'NO'} ${message}`)
}

const filesImage = (...layers: readonly (readonly LayerEntry[])[]) => imageOf(layersOf(...layers))
const configured = (config: ImageConfig['config']): Image => ({ ...imageOf([]), config: { config } })
const configOf = (config: unknown) => configured(imageConfig.parse({ config }).config)

describe('size', () => {
  const image = filesImage([file('a', { content: 'abc' })], [file('b', { content: 'def' })])

  test('of all layers, of the largest, their number', async () => {
    expect(await answers('size: {total: 4096, layer: 2048, layers: 2, stored: 4095}', image)).toEqual([
      'ok the layers together have 4096 bytes, at most 4096 are allowed',
      'NO the stored layers together have 4096 bytes, at most 4095 are allowed',
      'ok layer 0 has 2048 bytes, at most 2048 are allowed',
      'ok 2 layers, at most 2 are allowed',
    ])
  })

  test('growth against a baseline, and none without one', async () => {
    const old = filesImage([file('a', { content: 'abc' })])
    expect(await answers('size: {growth: 100%}', image, old)).toEqual(['ok 4096 bytes, 2048 in the baseline: +2048'])
    expect(await answers('size: {growth: 2kB}', image, old)).toEqual([
      'NO 4096 bytes, 2048 in the baseline: +2048, 2000 allowed',
    ])
    expect(await answers('size: {growth: 0}', old, image)).toEqual(['ok 2048 bytes, 4096 in the baseline: -2048'])
    expect(await answers('size: {growth: 1}', image)).toEqual(['NO there is nothing to compare with: give --baseline'])
  })

  test('is not kept by layers that cannot be measured', async () => {
    const missing = {
      ...image,
      layers: image.layers.map((layer) => ({ ...layer, state: 'missing', blob: undefined }) as const),
    }
    const [answer] = await answers('size: {total: 1GB}', missing)
    expect(answer).toMatch(/^NO .* cannot be measured/)
  })
})

describe('structure', () => {
  const image = filesImage(
    [
      directory('etc'),
      file('etc/passwd', { content: 'root:x:0\n' }),
      symlink('etc/link', 'passwd'),
      file('bin/su', { mode: 0o4755 }),
      file('srv/app', { uid: 1000, gid: 1000, mode: 0o750 }),
      file('root/.ssh/id_rsa', { content: 'key' }),
      file('root/.ssh/id_rsa.pub', { content: 'key' }),
      file('etc/ssl/certs/ca.pem', { content: 'pem' }),
    ],
    [file('root/.ssh/.wh.id_rsa')],
  )

  test('paths that must and must not be there', async () => {
    expect(await answers('structure: {required: [/etc/passwd, /nope], forbidden: [su, /etc/*.conf]}', image)).toEqual([
      'ok there is /etc/passwd',
      'NO nothing matches /nope',
      'NO forbidden files: /bin/su',
      'ok no forbidden files',
    ])
  })

  test('owners, setuid files', async () => {
    expect(await answers('structure: {owners: [0], setuid: forbidden}', image)).toEqual([
      'NO files of other owners: /srv/app (1000:1000)',
      'NO setuid or setgid files: /bin/su',
    ])
    expect(await answers('structure: {owners: [0, "1000:1000"], setuid: [/bin/su]}', image)).toEqual([
      'ok no files of other owners',
      'ok no setuid or setgid files',
    ])
  })

  test('secrets by name, also those that a layer deleted; public keys and certificates are none', async () => {
    expect(await answers('structure: {secrets: forbidden}', image)).toEqual([
      'NO names of secrets: /root/.ssh/id_rsa (deleted, still in layer 0)',
    ])
    expect(await answers('structure: {secrets: [passwd]}', image)).toEqual(['NO names of secrets: /etc/passwd'])
  })

  test('tests of container-structure-test', async () => {
    const text = `schemaVersion: 2.0.0
fileExistenceTests:
  - {path: /srv/app, permissions: '-rwxr-x---', uid: 1000, gid: 1000, isExecutableBy: group}
  - {path: /srv/app, permissions: '-rwxr-xr-x', gid: 0, isExecutableBy: other}
  - {path: /bin/su, permissions: 'urwxr-xr-x'}
  - {path: /etc/link, permissions: 'Lrwxrwxrwx'}
  - {path: /etc, permissions: 'drwxr-xr-x'}
  - {path: /etc/passwd, shouldExist: false}
  - {path: /nope}
fileContentTests:
  - {path: /etc/link, expectedContents: ['^root:'], excludedContents: [nobody]}
  - {path: /etc/passwd, expectedContents: [nobody], excludedContents: ['(?i)ROOT']}
  - {path: /etc, expectedContents: [x]}
`
    expect(await answers(text, image)).toEqual([
      'ok /srv/app is there',
      'NO /srv/app: permissions -rwxr-x---, not -rwxr-xr-x, gid 1000, not 0, not executable by other',
      'ok /bin/su is there',
      'ok /etc/link is there',
      'ok /etc is there',
      'NO /etc/passwd is there',
      'NO /nope is not there',
      'ok /etc/link holds what it should',
      'NO /etc/passwd does not hold nobody and holds (?i)ROOT',
      'NO /etc is no file',
    ])
  })
})

describe('config', () => {
  test.each([
    ['', 'NO the user is not set, which is root'],
    ['root', 'NO the user is root'],
    ['0:1000', 'NO the user is 0:1000'],
    ['1000', 'ok the user is 1000'],
    ['app:root', 'ok the user is app:root'],
  ])('user %j', async (User, answer) => {
    expect(await answers('config: {user: not-root}', configOf({ User }))).toEqual([answer])
  })

  test('forbidden variables are told without their values', async () => {
    const image = configOf({ Env: ['PATH=/bin', 'DB_PASSWORD=hunter2'] })
    expect(await answers('config: {forbidden-env: [PASSWORD, SECRET]}', image)).toEqual([
      'NO forbidden environment variables: DB_PASSWORD',
      'ok no forbidden environment variables',
    ])
  })

  test('labels that must be there, or match', async () => {
    const image = configOf({ Labels: { a: 'one' } })
    expect(await answers('config: {labels: [a, b]}', image)).toEqual([
      'ok there is a label a',
      'NO there is no label b',
    ])
    expect(await answers('config: {labels: {a: ^o, b: x}}', image)).toEqual([
      'ok the label a is as it should be',
      'NO there is no label b',
    ])
  })

  test('metadata of container-structure-test', async () => {
    const image = configOf({
      Env: ['A=b=c'],
      Entrypoint: ['/app'],
      ExposedPorts: { '80/tcp': {}, '53/udp': {} },
      Volumes: { '/data': {} },
      WorkingDir: '/srv',
    })
    const text = `schemaVersion: 2.0.0
metadataTest:
  envVars: [{key: A, value: b=c}]
  entrypoint: [/app]
  cmd: []
  exposedPorts: [80, 53]
  unexposedPorts: ["443"]
  volumes: [/data]
  unmountedVolumes: [/data]
  workdir: /
`
    expect((await answers(text, image)).map((answer) => answer.slice(0, 2))).toEqual([
      ...['ok', 'ok', 'ok', 'ok', 'NO', 'ok', 'ok', 'NO', 'NO'],
    ])
  })
})

describe('efficiency and integrity', () => {
  test("dive's rules with sums of imgtar", async () => {
    const image = filesImage([file('a', { content: 'abc' })], [file('a', { content: 'd' })])
    expect(await answers('rules: {lowestEfficiency: 0.25, highestWastedBytes: 2}', image)).toEqual([
      'ok lowestEfficiency is 0.25, the limit is 0.25',
      'NO highestWastedBytes is 3, the limit is 2',
    ])
    const thirds = filesImage([file('a', { content: 'ab' })], [file('a', { content: 'd' })])
    expect(await answers('rules: {lowestEfficiency: 33.3%}', thirds)).toEqual([
      'ok lowestEfficiency is 0.3333, the limit is 0.333',
    ])
    expect(await answers('rules: {lowestEfficiency: 0.3334}', thirds)).toEqual([
      'NO lowestEfficiency is 0.3333, the limit is 0.3334',
    ])
    expect(await answers('rules: {lowestEfficiency: 0.33334}', thirds)).toEqual([
      'NO lowestEfficiency is 0.3333333333333333, the limit is 0.33334',
    ])
  })

  test('rules on integrity set the standard and are no checks', async () => {
    const text = 'integrity: {fail-on: error, allow: [TAG_INVALID]}'
    const given = { failOn: 'warning', allow: [] } as const
    expect(standardOf(rulesOf(text), given)).toEqual({ failOn: 'error', allow: ['TAG_INVALID'] })
    expect(await answers(text, imageOf([]))).toEqual([])
  })

  test('a broken rule is a finding with its line, one that was not run a note', async () => {
    const archive = archiveOf({ ...configOf({}), names: ['a:1'] }, configOf({}))
    const text = 'schemaVersion: 2.0.0\nmetadataTest:\n  user: app\ncommandTests: [{}]\n'
    const measurements = await measure(archive, context)
    const { checks, findings } = await applyPolicy(rulesOf(text), { archive, measurements }, context)
    expect(checks.map(({ image, ok, skipped }) => [image, ok, skipped])).toEqual([
      ['a:1', false, undefined],
      ['test', false, undefined],
      ['a:1', true, true],
      ['test', true, true],
    ])
    expect(findings.map(({ code, message }) => [code, message])).toEqual([
      ['POLICY_CONFIG', 'metadataTest.user of a:1: the user is not set, not app (p.yaml:3)'],
      ['POLICY_CONFIG', 'metadataTest.user of test: the user is not set, not app (p.yaml:3)'],
      ['POLICY_SKIPPED', 'commandTests of a:1: not run: it runs commands in a container (p.yaml:4)'],
      ['POLICY_SKIPPED', 'commandTests of test: not run: it runs commands in a container (p.yaml:4)'],
    ])
  })

  test('layers are read again only where a rule asks for what is in them', () => {
    expect(needContents(rulesOf('size: {total: 1}\nconfig: {user: not-root}'))).toBe(false)
    expect(needContents(rulesOf('structure: {required: [a]}'))).toBe(true)
  })
})
