import { expect, test } from 'vitest'
import { ndjson } from '../../src/report/ndjson.js'
import { MIXED, PLAIN_STYLE } from '../support/verdicts.js'

test('NDJSON is a document a line: each archive, then the summary', () => {
  const text = [...ndjson.present(MIXED, PLAIN_STYLE)].join('')
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
  expect(lines.slice(0, -1)).toEqual(
    MIXED.archives.map((archive) => ({ schema: 'imgtar/verify-archive/v1', ...archive })),
  )
  const { tool, ok, failOn, summary } = MIXED
  expect(lines.at(-1)).toEqual({ schema: 'imgtar/verify-summary/v1', tool, ok, failOn, summary })
  const copy = { path: 'copy.tar', size: 7 }
  const [last] = [...ndjson.present({ ...MIXED, archives: [], copy }, PLAIN_STYLE)]
  expect(JSON.parse(last ?? '')).toMatchObject({ copy })
})
