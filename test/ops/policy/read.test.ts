import { describe, expect, test } from 'vitest'
import { ArchiveError } from '../../../src/errors.js'
import { readPolicy } from '../../../src/ops/policy/index.js'

const rulesOf = (text: string) => readPolicy({ file: 'p.yaml', text })
const told = (text: string) => rulesOf(text).map(({ name, place }) => `${name} ${place.line}:${place.column}`)

function refusal(text: string): string {
  try {
    rulesOf(text)
  } catch (error) {
    if (error instanceof ArchiveError && error.code === 'ERR_POLICY') return `${error.location ?? ''} ${error.message}`
    throw error
  }
  return 'none'
}

describe('imgtar.yaml', () => {
  test('makes a rule of each line, which knows its place', () => {
    const text = `size:
  total: 200MB
  growth: 5%
structure:
  forbidden: ['**/*.pem',
    /root/.ssh]
config:
  labels: {a: '^b'}
`
    expect(told(text)).toEqual([
      'size.total 2:3',
      'size.growth 3:3',
      'structure.forbidden **/*.pem 5:15',
      'structure.forbidden /root/.ssh 6:5',
      'config.labels.a 8:12',
    ])
  })

  test.each([
    ['200', 200],
    ['200MB', 200e6],
    ['1.5 GiB', 1.5 * 1024 ** 3],
    ['3k', 3000],
  ])('reads the size %s', (size, most) => {
    expect(rulesOf(`size: {total: ${size}}`)[0]?.body).toEqual({ kind: 'total', most })
  })

  test('growth is in bytes or per cent', () => {
    expect(rulesOf('size: {growth: 1MB}')[0]?.body).toEqual({ kind: 'growth', most: 1e6, unit: 'bytes' })
    expect(rulesOf('size: {growth: 2.5%}')[0]?.body).toEqual({ kind: 'growth', most: 2.5, unit: 'percent' })
  })

  test.each([
    ['size:\n  totl: 3\n', 'p.yaml:2:3 there is no size.totl in a policy'],
    ['sizes: {}\n', 'p.yaml:1:1 there is no sizes in a policy'],
    ['size:\n  total: huge\n', 'p.yaml:2:3 size.total: wants a size, as 20MB or 1GiB'],
    [
      'structure:\n  forbidden:\n    - a\n    - 3\n',
      'p.yaml:4:7 structure.forbidden.1: expected string, received number',
    ],
    ['config:\n  labels:\n    a: "["\n', 'p.yaml:3:5 config.labels.a: wants a regular expression'],
    ['efficiency: {lowestEfficiency: 1.5}', 'p.yaml:1:14 efficiency.lowestEfficiency: wants a share, as 0.95 or 95%'],
    ['size: {total: 1, total: 2}', 'p.yaml:1:18 Map keys must be unique'],
    [
      'integrity:\n  allow: [NO_SUCH]\n',
      'p.yaml:2:11 integrity.allow.0: wants the code of a finding (docs/findings.md)',
    ],
    ['- a\n', 'p.yaml:1:1 a policy is a map of gates: integrity, size, structure, config, efficiency'],
    ['', 'p.yaml:1:1 a policy is a map of gates: integrity, size, structure, config, efficiency'],
  ])('%j is refused with line and column', (text, message) => {
    expect(refusal(text)).toBe(message)
  })

  test('what is no YAML is refused where it breaks', () => {
    expect(refusal('size: [\n')).toMatch(/^p\.yaml:\d+:\d+ /)
    expect(refusal('a: *nothing\n')).toMatch(/^p\.yaml:1:\d+ /)
  })

  test('aliases cannot be made to fill the memory', () => {
    const levels = Array.from({ length: 12 }, (_, at) => `a${at + 1}: &a${at + 1} [${`*a${at}, `.repeat(9)}*a${at}]`)
    expect(refusal(['a0: &a0 x', ...levels].join('\n'))).toMatch(/^p\.yaml:1:1 /)
  })
})

describe('.dive-ci', () => {
  test('is read as it is: comments, both spellings, rules that are disabled', () => {
    const text = `rules:
  # as a ratio between 0-1.
  lowestEfficiency: 0.95
  highest-wasted-bytes: 20MB
  highestUserWastedPercent: disabled
`
    expect(rulesOf(text).map(({ body }) => body)).toEqual([
      { kind: 'efficiency', name: 'lowestEfficiency', limit: 0.95 },
      { kind: 'efficiency', name: 'highestWastedBytes', limit: 20e6 },
    ])
  })

  test('with an unknown rule is refused', () => {
    expect(refusal('rules:\n  lowest: 1\n')).toBe('p.yaml:2:3 there is no rules.lowest in a policy')
  })
})

describe('container-structure-test', () => {
  test('gives its tests of files and metadata; what needs a container says that it was not run', () => {
    const text = `schemaVersion: "2.0.0"
commandTests: [{name: x, command: ls}]
fileExistenceTests:
  - {name: no shadow, path: /etc/shadow, shouldExist: false, uid: -1}
fileContentTests:
  - {path: /etc/os-release, expectedContents: ['(?i)debian']}
metadataTest:
  env: [{key: PATH, value: /bin, isRegex: true}]
  exposedPorts: ["80", 443]
  cmd: null
  user: app
`
    expect(told(text)).toEqual([
      'fileExistenceTests no shadow 4:5',
      'fileContentTests /etc/os-release 6:5',
      'metadataTest.env PATH 8:9',
      'metadataTest.exposedPorts 80 9:18',
      'metadataTest.exposedPorts 443 9:24',
      'metadataTest.user 11:3',
      'commandTests 2:1',
    ])
  })

  test('of another version is refused', () => {
    expect(refusal('schemaVersion: "1.0.0"\n')).toMatch(/^p\.yaml:1:1 schemaVersion/)
  })
})
