import { describe, expect, test } from 'vitest'
import type { FindingReport } from '../../src/model/report.js'
import { judge } from '../../src/ops/judge.js'

const finding = (code: string, severity: FindingReport['severity']): FindingReport => ({
  code,
  severity,
  message: code,
  where: { archive: 'a.tar' },
})
const error = finding('DIFFID_MISMATCH', 'error')
const warning = finding('TAG_DUPLICATE', 'warning')
const note = finding('BLOB_ORPHAN', 'note')

describe('what fails an archive', () => {
  test.each([
    ['error', [true, true, false]],
    ['warning', [true, false, false]],
    ['note', [false, false, false]],
  ] as const)('with --fail-on %s', (failOn, verdicts) => {
    expect([note, warning, error].map((one) => judge([one], { failOn, allow: [] }).ok)).toEqual(verdicts)
  })

  test('nothing does, where nothing was found', () => {
    expect(judge([], { failOn: 'note', allow: [] })).toEqual({ ok: true, findings: [] })
  })

  test('a code that is allowed fails nothing, is kept in its place and marked', () => {
    const { ok, findings } = judge([note, error], { failOn: 'error', allow: ['DIFFID_MISMATCH'] })
    expect(ok).toBe(true)
    expect(findings).toEqual([note, { ...error, allowed: true }])
  })

  test('one code allowed excuses no other', () => {
    expect(judge([warning, error], { failOn: 'warning', allow: ['DIFFID_MISMATCH'] }).ok).toBe(false)
  })
})
