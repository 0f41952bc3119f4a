import type { FindingReport, ImageReport, VerifyReport } from '../../src/model/report.js'
import type { Style } from '../../src/report/presenter.js'

/** What is said of one archive. */
export type Verified = VerifyReport['archives'][number]

/** No colour, short IDs, 1970. */
export const PLAIN_STYLE: Style = { color: false, full: false, now: new Date(0) }

/** A report of these verdicts. */
export function verifyReport(...archives: readonly Verified[]): VerifyReport {
  const ok = archives.every((archive) => archive.ok)
  const findings = { error: 0, warning: 0, note: 0, allowed: 0 }
  return {
    schema: 'imgtar/verify/v1',
    tool: { name: 'imgtar', version: '0.0.0' },
    ok,
    failOn: 'warning',
    archives: [...archives],
    summary: { archives: archives.length, passed: 0, failed: 0, unreadable: 0, findings },
  }
}

/** A finding about `bad.tar`. */
export function findingOf(
  code: string,
  severity: FindingReport['severity'],
  where: Partial<FindingReport['where']> = {},
): FindingReport {
  return { code, severity, message: `about ${code}`, where: { archive: 'bad.tar', ...where } }
}

/** An image of two layers. */
export const TWO_LAYERS: ImageReport = {
  names: ['a:1'],
  platform: 'linux/amd64',
  layers: [
    { path: 'a/layer.tar', diffSize: 3_000_000 },
    { path: 'b/layer.tar', size: 100_000 },
  ],
}

/** All text that hostile names may be made of: controls, markup of every format, line ends, half a character. */
const HOSTILE = '\u001b[2J<b>&"\'\r\n::error::x%0A|`*_\u0000\ufffe\ud800 @all ]]>'

/** One archive that passes, one with faults of every kind, one that cannot be read, one with all names hostile. */
export const MIXED: VerifyReport = verifyReport(
  { archive: 'good.tar', ok: true, images: [TWO_LAYERS], findings: [findingOf('BLOB_ORPHAN', 'note')] },
  {
    archive: 'bad.tar',
    ok: false,
    images: [TWO_LAYERS],
    findings: [
      {
        ...findingOf('DIFFID_MISMATCH', 'error', { path: 'b/layer.tar', layer: 1, offset: 512 }),
        expected: 'x',
        actual: 'y',
      },
      { ...findingOf('TAG_INVALID', 'error', { path: 'manifest.json' }), allowed: true },
      findingOf('TAR_AMBIGUOUS', 'warning', { offset: 1024 }),
      findingOf('POLICY_SIZE', 'error'),
    ],
    checks: [
      {
        gate: 'size',
        rule: 'size.total',
        ok: false,
        message: 'too large',
        policy: { file: 'imgtar.yaml', line: 3, column: 5 },
      },
      {
        gate: 'config',
        rule: 'config.user',
        ok: true,
        message: 'not root',
        image: 'a:1',
        policy: { file: 'imgtar.yaml' },
      },
      {
        gate: 'structure',
        rule: 'commandTests',
        ok: true,
        skipped: true,
        message: 'not run: <it> runs commands',
        policy: { file: 'test.yaml', line: 4 },
      },
    ],
  },
  {
    archive: 'dir/cut tar',
    ok: false,
    images: [],
    findings: [findingOf('ARCHIVE_TRUNCATED', 'error')],
    error: {
      code: 'ERR_TRUNCATED',
      message: 'cut',
      where: { archive: 'dir/cut tar', offset: 7 },
      hint: 'copy it again',
    },
  },
  {
    archive: `/tmp/${HOSTILE}`,
    ok: false,
    images: [{ ...TWO_LAYERS, names: [HOSTILE], layers: [{ path: HOSTILE }] }],
    findings: [
      {
        ...findingOf('ENTRY_DUPLICATE', 'error', { path: HOSTILE, entry: HOSTILE }),
        message: HOSTILE,
        actual: HOSTILE,
      },
    ],
  },
)
