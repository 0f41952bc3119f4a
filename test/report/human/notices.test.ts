import { expect, test } from 'vitest'
import type { FindingReport } from '../../../src/model/report.js'
import type { SalvageReport } from '../../../src/model/report-salvage.js'
import { human } from '../../../src/report/human/index.js'

const finding: FindingReport = {
  code: 'ARCHIVE_TRUNCATED',
  severity: 'error',
  message: 'the tar ends 7 bytes before the content does',
  where: { archive: 'broken.tar' },
}
const salvaged: SalvageReport = {
  schema: 'imgtar/salvage/v1',
  tool: { name: 'imgtar', version: '0' },
  ok: false,
  archive: 'broken.tar',
  directory: 'saved',
  written: null,
  images: [],
  parts: [],
  findings: [finding],
}
const style = { color: false, full: false, now: new Date(0) }

test('what is salvaged has its findings in its text, and not a second time beside it', () => {
  expect([...human.present(salvaged, style)].join('')).toContain('ARCHIVE_TRUNCATED')
  expect([...human.notices(salvaged, style)]).toEqual([])
})
