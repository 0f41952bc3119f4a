import { expect, test } from 'vitest'
import type { LsReport } from '../../src/model/report.js'
import { json } from '../../src/report/json.js'

const style = { color: false, full: false, now: new Date(0) }

function report(path: string): LsReport {
  return {
    schema: 'imgtar/ls/v1',
    tool: { name: 'imgtar', version: '0.0.0' },
    ok: true,
    archive: 'a.tar',
    imageID: null,
    allLayers: false,
    entries: [{ path, type: 'file', mode: 0o644, uid: 0, gid: 0, size: 1, mtime: '0', xattrs: [], layer: 0 }],
    findings: [],
  }
}

test('is one document that loses nothing', () => {
  const given = report('/a\u2028b\u202ec\u009bd\ne')
  const [text = '', ...more] = json.present(given, style)
  expect(more).toEqual([])
  expect(JSON.parse(text)).toEqual(given)
})

test('holds nothing that a terminal obeys', () => {
  const [text = ''] = json.present(report('/\u001b[2J\u2028\u2029\u202e\u009b\u007f\ufeff'), style)
  expect(text.replaceAll('\n', '')).toMatch(/^[\u0020-\u007e]*$/)
  expect(text.endsWith('}\n')).toBe(true)
})
