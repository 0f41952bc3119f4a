import { describe, expect, test } from 'vitest'
import { markdown } from '../../src/report/markdown.js'
import { findingOf, MIXED, PLAIN_STYLE, verifyReport } from '../support/verdicts.js'

const textOf = (report: Parameters<typeof markdown.present>[0]): string =>
  [...markdown.present(report, PLAIN_STYLE)].join('')

describe('markdown', () => {
  test('is a table of verdicts, then what was found', () => {
    const report = verifyReport({
      archive: 'bad.tar',
      ok: false,
      images: [],
      findings: [
        { ...findingOf('DIFFID_MISMATCH', 'error', { path: 'layer.tar', layer: 1 }), expected: 'x', actual: 'y' },
      ],
    })
    expect(textOf(report)).toBe(`## imgtar: failed

| archive | verdict | images | found |
| --- | --- | --- | --- |
| bad.tar | **failed** |  | 1 error |

### bad.tar

- **error** DIFFID\\_MISMATCH: about DIFFID\\_MISMATCH
  - at layer.tar, layer 1
  - expected x
  - actual y
`)
  })

  test('no name of an archive makes markup, a row, a line or a mention', () => {
    const text = textOf(MIXED)
    const rows = text.split('\n').filter((line) => line.startsWith('|'))
    expect(rows.map((row) => row.match(/(?<!\\)\|/g)?.length)).toEqual(rows.map(() => 5))
    expect(text).not.toMatch(/(?<!\\)[<`]|@|\u001b/)
  })

  test('what cannot be read says why, and rules of a policy are counted', () => {
    expect(textOf(MIXED)).toContain('- **ERR_TRUNCATED** cut (byte 7)')
    expect(textOf(MIXED)).toContain('- policy: 1 of 2 rules kept, 1 not run')
  })

  test('a long list is cut and says so, the worst first', () => {
    const notes = Array.from({ length: 60 }, () => findingOf('BLOB_ORPHAN', 'note'))
    const findings = [...notes, findingOf('SIZE_MISMATCH', 'error')]
    const items = textOf(verifyReport({ archive: 'bad.tar', ok: false, images: [], findings })).match(/^- .*$/gm) ?? []
    expect(items[0]).toContain('SIZE')
    expect(items).toHaveLength(51)
    expect(items.at(-1)).toBe('- and 11 more')
  })
})
