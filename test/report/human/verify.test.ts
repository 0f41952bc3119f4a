import { describe, expect, test } from 'vitest'
import type { FindingReport, VerifyReport } from '../../../src/model/report.js'
import { verifyText } from '../../../src/report/human/verify.js'
import { verifyReport } from '../../support/verdicts.js'

type Verified = VerifyReport['archives'][number]

const style = { color: false, full: false, now: new Date(0) }
const layer = { path: 'a/layer.tar', diffSize: 3_000_000 }
const image = { names: ['a:1'], platform: 'linux/amd64', layers: [layer, { path: 'b/layer.tar', size: 100_000 }] }
const whole: Verified = { archive: 'app.tar', ok: true, images: [image], findings: [] }

function finding(code: string, severity: FindingReport['severity'], where = {}): FindingReport {
  return { code, severity, message: `about ${code}`, where: { archive: 'bad.tar', ...where } }
}

function lines(...archives: Verified[]): string[] {
  return [...verifyText(verifyReport(...archives), style)]
}

describe('verdicts', () => {
  test('a whole archive takes one line that says what was checked', () => {
    expect(lines(whole)).toEqual(['app.tar: whole: 1 image, 2 layers, 3.1 MB checked'])
  })

  test('a layer that images share counts once', () => {
    expect(lines({ ...whole, images: [image, image] })).toEqual(['app.tar: whole: 2 images, 2 layers, 3.1 MB checked'])
  })

  test('notes do not make an archive less whole', () => {
    const [first] = lines({ ...whole, findings: [finding('BLOB_ORPHAN', 'note')] })
    expect(first).toBe('app.tar: whole: 1 image, 2 layers, 3.1 MB checked, 1 note')
  })

  test('an archive of artifacts alone says that there is no image in it', () => {
    const [first] = lines({ ...whole, images: [], findings: [finding('ARTIFACT', 'note')] })
    expect(first).toBe('app.tar: whole: no image, 1 artifact checked, 1 note')
  })

  test('a faulty archive counts its findings by severity', () => {
    const findings = [
      finding('TAG_DUPLICATE', 'warning'),
      finding('DIFFID_MISMATCH', 'error'),
      finding('SIZE_MISMATCH', 'error'),
    ]
    expect(lines({ ...whole, archive: 'bad.tar', ok: false, findings })[0]).toBe('bad.tar: 2 errors, 1 warning')
  })

  test('an archive that could not be read says why, where and what to do', () => {
    const error = {
      code: 'ERR_JSON',
      message: 'no JSON',
      where: { archive: 'x', path: 'manifest.json', offset: 512 },
      hint: 'copy it again',
    }
    expect(lines({ ...whole, archive: 'x', ok: false, images: [], error })).toEqual([
      'x: could not be read: no JSON (ERR_JSON, manifest.json, byte 512)',
      '  hint: copy it again',
    ])
  })

  test('several archives end with a count', () => {
    const error = { code: 'ERR_IO', message: 'm', where: { archive: 'c' } }
    const all = lines(
      whole,
      { ...whole, ok: false, findings: [finding('DIFFID_MISMATCH', 'error')] },
      { ...whole, ok: false, error },
    )
    expect(all).toContain('3 archives: 1 whole, 1 with faults, 1 unreadable')
  })
})

describe('findings', () => {
  test('say code, message, place, both values, and help once per code, worst first', () => {
    const where = { path: 'a/layer.tar', offset: 1024, layer: 0, entry: 'etc/passwd', layerOffset: 512 }
    const findings = [
      finding('TAG_DUPLICATE', 'warning'),
      { ...finding('DIFFID_MISMATCH', 'error', where), expected: 'sha256:aa', actual: 'sha256:bb' },
      finding('DIFFID_MISMATCH', 'error', { layer: 1 }),
    ]
    expect(lines({ ...whole, archive: 'bad.tar', ok: false, findings })).toMatchInlineSnapshot(`
      [
        "bad.tar: 2 errors, 1 warning",
        "  error DIFFID_MISMATCH: about DIFFID_MISMATCH",
        "    at a/layer.tar, byte 1024, layer 0, entry etc/passwd, byte 512 of the layer",
        "    expected sha256:aa",
        "    actual   sha256:bb",
        "  error DIFFID_MISMATCH: about DIFFID_MISMATCH",
        "    at layer 1",
        "    help: The uncompressed bytes of the layer are not those that the image was made of.",
        "  warning TAG_DUPLICATE: about TAG_DUPLICATE",
        "    help: The last one that is loaded takes it.",
        "imgtar help CODE explains a code; --json has every detail.",
      ]
    `)
  })

  test('of one code are cut at 20, with a word on how to see the rest', () => {
    const findings = Array.from({ length: 25 }, () => finding('ENTRY_DUPLICATE', 'error'))
    const all = lines({ ...whole, ok: false, findings })
    expect(all.filter((line) => line.includes('error ENTRY_DUPLICATE'))).toHaveLength(20)
    expect(all).toContain('    … and 5 more of ENTRY_DUPLICATE; --json lists them all')
  })

  test('cannot drive the terminal with names', () => {
    const hostile = finding('ENTRY_DUPLICATE', 'error', { path: '\u001b]0;pwned\u0007', entry: 'a\rb' })
    const text = lines({
      ...whole,
      archive: '\u001b[2J',
      ok: false,
      findings: [{ ...hostile, message: '\u001b[1m' }],
    }).join('')
    expect(text).not.toMatch(/\p{Cc}/u)
  })
})
