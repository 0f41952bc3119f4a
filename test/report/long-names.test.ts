import { expect, test } from 'vitest'
import { presenterFor, type PresenterName } from '../../src/report/index.js'
import { findingOf, PLAIN_STYLE, verifyReport } from '../support/verdicts.js'

const LONG = `begin/${'d/'.repeat(100_000)}end`
const where = { archive: 'bad.tar', path: LONG }
const report = verifyReport(
  {
    archive: 'bad.tar',
    ok: false,
    images: [],
    findings: [
      { ...findingOf('ENTRY_DUPLICATE', 'error', { entry: LONG }), message: LONG, expected: LONG, actual: LONG },
    ],
  },
  { archive: 'bad.tar', ok: false, images: [], findings: [], error: { code: 'ERR_IO', message: LONG, where } },
)
const shown = (name: PresenterName) => [...presenterFor(name).present(report, PLAIN_STYLE)].join('')

test.each(['human', 'html', 'markdown', 'github', 'junit'] as const)(
  'a name that no system takes is shown without its middle in a report for people (%s)',
  (name) => {
    const text = shown(name)
    expect(text).toContain('more characters')
    expect(text.length).toBeLessThan(50_000)
  },
)

test.each(['json', 'ndjson', 'sarif'] as const)('and whole in one for programs (%s)', (name) => {
  expect(shown(name)).toContain(LONG)
})
