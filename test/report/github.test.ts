import { describe, expect, test } from 'vitest'
import { github } from '../../src/report/github.js'
import { findingOf, MIXED, PLAIN_STYLE, verifyReport } from '../support/verdicts.js'

const linesOf = (report: Parameters<typeof github.present>[0]): readonly string[] =>
  [...github.present(report, PLAIN_STYLE)].join('').trimEnd().split('\n')

/** As the runner of GitHub Actions reads a workflow command. */
function commandOf(line: string) {
  const [, kind = '', properties = '', data = ''] = /^::([a-z]+) ([^:]*)::(.*)$/.exec(line) ?? []
  const undone = (text: string) =>
    text
      .replaceAll('%2C', ',')
      .replaceAll('%3A', ':')
      .replaceAll('%0A', '\n')
      .replaceAll('%0D', '\r')
      .replaceAll('%25', '%')
  const pairs = properties.split(',').map((pair) => pair.split('=').map(undone))
  return { kind, message: undone(data), ...Object.fromEntries(pairs) } as Record<string, string>
}

describe('workflow commands of GitHub Actions', () => {
  test('annotate the archive with code, place and values; what cannot be read comes with its hint', () => {
    const commands = linesOf(MIXED)
      .filter((line) => line.startsWith('::'))
      .map(commandOf)
    expect(commands).toContainEqual({
      kind: 'error',
      file: 'bad.tar',
      title: 'DIFFID_MISMATCH',
      message: 'about DIFFID_MISMATCH\nat b/layer.tar, byte 512, layer 1\nexpected x\nactual y',
    })
    expect(commands).toContainEqual({
      kind: 'error',
      file: 'dir/cut tar',
      title: 'ERR_TRUNCATED',
      message: 'cut\nhint: copy it again',
    })
  })

  test('a note is a notice, and so is what is allowed', () => {
    const notices = linesOf(MIXED)
      .filter((line) => line.startsWith('::notice'))
      .map((line) => commandOf(line).title)
    expect(notices).toEqual(['BLOB_ORPHAN', 'TAG_INVALID (allowed)'])
  })

  test('no name of an archive makes a command or drives the terminal', () => {
    const lines = linesOf(MIXED)
    const commands = lines.filter((line) => line.startsWith('::'))
    expect(lines.filter((line) => line.includes('::'))).toEqual(commands)
    expect(commands).toHaveLength(8)
    expect(lines.join('').replaceAll(/[\x20-\x7e]/g, '')).toMatch(/^\P{Cc}*$/u)
  })

  test('only as many of a kind are printed as GitHub shows', () => {
    const findings = Array.from({ length: 12 }, () => findingOf('ENTRY_DUPLICATE', 'error'))
    const lines = linesOf(verifyReport({ archive: 'bad.tar', ok: false, images: [], findings }))
    expect(lines.filter((line) => line.startsWith('::error'))).toHaveLength(10)
    expect(lines.slice(10)).toEqual([
      'imgtar: 2 more of kind error: --report text or json has them all',
      'bad.tar: failed',
    ])
  })
})
