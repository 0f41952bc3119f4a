import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EfficiencyReport } from '../../src/model/report-waste.js'
import type { DiffReport, Report } from '../../src/model/report.js'
import { html } from '../../src/report/html/index.js'
import { file } from '../support/layers.js'
import { findingOf, MIXED, PLAIN_STYLE, TWO_LAYERS, verifyReport } from '../support/verdicts.js'
import { diffReport } from './diff-report.js'

const pageOf = (report: Report): string => [...html.present(report, PLAIN_STYLE)].join('')

const STYLE = /<style>[^<]*<\/style>/
// Whatever is no tag of ours, as HTML has it: names without capitals, attributes in quotes with neither quote nor `<`.
const TAGS =
  /<!doctype html>|<\/?(?:html|head|meta|title|body|h1|h2|p|a|table|tr|th|td|span|div|code|ul|li|pre|details|summary|section|label|input|footer)(?: [a-z-]+="[^"<>]*")*>/g

/** What a page shows: its text, with the references that stand for markup read back. */
function textOf(page: string): string {
  const rest = page.replace(STYLE, '').replace(TAGS, ' ')
  expect(rest).not.toMatch(/[<>]/)
  return rest
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ')
}

/** The rows of a page, each as the texts of its cells. */
function rowsOf(page: string): readonly (readonly string[])[] {
  const rows = page.match(/<tr[^>]*>.*?<\/tr>/gs) ?? []
  return rows.map((row) => (row.match(/<t[hd][^>]*>.*?<\/t[hd]>/gs) ?? []).map((cell) => textOf(cell).trim()))
}

function efficiencyOf(more: Partial<EfficiencyReport> = {}): EfficiencyReport {
  return {
    schema: 'imgtar/efficiency/v1',
    tool: { name: 'imgtar', version: '0' },
    ok: true,
    archive: 'app.tar',
    imageID: null,
    storedBytes: 4000,
    wastedBytes: 500,
    userBytes: 2000,
    efficiency: 0.875,
    userWastedPercent: 0.25,
    layers: [
      { layer: 0, storedBytes: 2000, wastedBytes: 500, createdBy: 'ADD rootfs.tar /' },
      { layer: 1, storedBytes: 1000, wastedBytes: 0 },
    ],
    paths: [
      {
        path: '/a<b',
        wastedBytes: 500,
        copies: [
          { layer: 0, size: 500, fate: 'replaced', hiddenBy: 1 },
          { layer: 1, size: 7, fate: 'visible', hiddenBy: null },
        ],
      },
    ],
    rules: [{ rule: 'highestWastedBytes', limit: 100, value: 500, ok: false }],
    findings: [],
    ...more,
  }
}

describe('a page', () => {
  test('is the same for the same report', () => {
    expect(pageOf(MIXED)).toBe(pageOf(MIXED))
  })

  test('runs nothing, and fetches nothing', () => {
    for (const page of [pageOf(MIXED), pageOf(efficiencyOf())]) {
      expect(page).toContain('content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;;')
      expect(page).not.toMatch(/<script|<link|<img|src=|url\(|@import|https?:/)
      expect(page.match(/href="[^#]/g)).toBeNull()
    }
  })

  test('has no markup that a name of an archive brings along', () => {
    expect(textOf(pageOf(MIXED))).toContain('\\033[2J<b>&"\'\\r\\n::error::x%0A|`*_')
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (name, message) => {
        const finding = { ...findingOf('TAG_INVALID', 'error', { path: name, entry: name }), message, actual: name }
        const images = [{ ...TWO_LAYERS, names: [name], platform: name, layers: [{ path: name, history: message }] }]
        const archive = { archive: name, format: name, ok: false, images, findings: [finding] }
        textOf(pageOf(verifyReport(archive)))
      }),
    )
  })
})

describe('the page of verify', () => {
  const page = pageOf(MIXED)

  test('begins with the verdict, and a row for each archive', () => {
    expect(page).toContain('<title>imgtar verify: 3 of 4 failed</title>')
    expect(rowsOf(page).slice(0, 4)).toEqual([
      ['archive', 'verdict', 'images', 'found'],
      ['good.tar', 'passed', 'a:1', '1 note'],
      ['bad.tar', 'failed', 'a:1', '2 errors, 1 warning, 1 allowed'],
      ['dir/cut tar', 'unreadable', '', '1 error'],
    ])
  })

  test('names the one archive that there is', () => {
    const report = verifyReport({ archive: 'app.tar', ok: true, images: [TWO_LAYERS], findings: [] })
    expect(pageOf(report)).toContain('<title>imgtar verify: app.tar: passed</title>')
  })

  test('leads from each row to what is said of the archive', () => {
    const targets = Array.from(page.matchAll(/href="#([^"]*)"/g), ([, id]) => id)
    expect(targets).toHaveLength(4)
    for (const id of targets) expect(page).toContain(`<section id="${id}">`)
  })

  test('tells of a finding where it is, what it means, what was expected and what is there', () => {
    const told = 'error DIFFID_MISMATCH The diffID of a layer is not the one in the config'
    const text = textOf(page)
    expect(text).toContain(told)
    expect(text).toContain('about DIFFID_MISMATCH at b/layer.tar , byte 512 , layer 1'.replaceAll(' ,', ','))
    expect(text).toMatch(/expected x +actual y/)
  })

  test('leaves out what is the same fault again and again, and says how often', () => {
    const findings = Array.from({ length: 201 }, (_, at) => findingOf('TAG_INVALID', 'error', { offset: at }))
    const text = textOf(pageOf(verifyReport({ archive: 'a', ok: false, images: [], findings })))
    expect(text).toContain(', 201 times')
    expect(text).toContain('byte 199')
    expect(text).not.toContain('byte 200')
    expect(text).toContain('and 1 more finding; --json lists them all')
  })

  test('tells of an archive that could not be read why, where and what to do', () => {
    expect(textOf(page)).toMatch(/ERR_TRUNCATED +cut, byte 7 +hint: copy it again/)
  })

  test('has the rules of policies', () => {
    expect(rowsOf(page)).toContainEqual(['size.total', 'broken', 'too large', 'imgtar.yaml:3'])
    expect(rowsOf(page)).toContainEqual(['config.user (a:1)', 'kept', 'not root', 'imgtar.yaml'])
    expect(rowsOf(page)).toContainEqual(['commandTests', 'not run', 'not run: <it> runs commands', 'test.yaml:4'])
  })

  test('has what engines would do, and what they would leave behind', () => {
    const podman = { engine: 'podman', title: '', images: [], ignores: [] }
    const image = { imageID: 'sha256:1', names: ['a:1'] }
    const engines = [
      { ...podman, verdict: 'accepted' as const, images: [image], ignores: ['a file'] },
      { ...podman, verdict: 'unusable' as const, reason: 'bad', images: [{ ...image, fault: 'bad' }] },
      { ...podman, verdict: 'refused' as const, reason: 'no', images: [image] },
      { ...podman, verdict: 'accepted' as const },
    ]
    const rows = rowsOf(pageOf(verifyReport({ archive: 'a', ok: true, images: [], findings: [], engines })))
    expect(rows.slice(-4).map(([, ...cells]) => cells)).toEqual([
      ['accepted', 'sha256:1 a:1 ignores a file'],
      ['unusable', 'bad lists sha256:1 a:1'],
      ['refused', 'no leaves behind sha256:1 a:1'],
      ['accepted', 'no image'],
    ])
  })
})

describe('the page of diff', () => {
  const entry = (path: string, content: string) => file(path, { content })

  test('has the answer, both sides, and a row for each path', async () => {
    const report = await diffReport([entry('a<b', '1'), entry('c', '1')], [entry('c', '22'), entry('d', '1')])
    const page = pageOf(report)
    expect(textOf(page)).toContain('a.tar and b.tar differ')
    expect(rowsOf(page)).toContainEqual(['archive', 'a.tar', 'b.tar'])
    expect(rowsOf(page)).toContainEqual(['modified', '/c', 'content 1 → 2 bytes', ''])
  })

  test('hides rows of a kind by a box of that kind, and has none for a kind that is not there', async () => {
    const page = pageOf(await diffReport([entry('a', 'x')], [entry('a', 'y')]))
    expect(page.match(/<input [^>]*>/g)).toEqual(['<input type="checkbox" id="modified" checked="">'])
    expect(page).toContain('<tr class="modified">')
    expect(page).toContain('section:has(#modified:not(:checked)) tr.modified')
  })

  test('cuts lists that a browser lays out slowly, and says so, unless all is wanted', async () => {
    const row: DiffReport['files'][number] = { path: '/x', change: 'added', type: 'file', size: 1, fields: {} }
    const files = Array.from({ length: 5002 }, (_, at) => ({ ...row, path: `/${at}` }))
    const report = await diffReport([], [entry('x', '1')], { more: { files } })
    const page = pageOf(report)
    expect(page).toContain('>/4999<')
    expect(page).not.toContain('>/5000<')
    expect(textOf(page)).toContain('and 2 more; --all shows them')
    expect(pageOf({ ...report, shown: { ...report.shown, all: true } })).toContain('>/5001<')
  })

  test('has the lines of one file, as they are', async () => {
    const page = pageOf(await diffReport([entry('f', 'one\n<b>\n')], [entry('f', 'two\n<b>\n')], { content: '/f' }))
    expect(textOf(page)).toMatch(/@@ -1,2 \+1,2 @@ +-one +\+two +<b>/)
    const same = pageOf(await diffReport([entry('f', 'x')], [entry('f', 'x')], { content: '/f' }))
    expect(textOf(same)).toMatch(/\/f *: the same content/)
  })

  test('has packages, fields of the config, steps and layers that differ', async () => {
    const side = { index: 0, diffID: null, size: 1, diffSize: 1000, compression: null, createdBy: 'RUN <x>' }
    const more: Partial<DiffReport> = {
      packages: [{ id: 'dpkg:a', manager: 'dpkg', name: 'a', change: 'upgraded', a: '1', b: '2', files: 3 }],
      config: [{ field: 'config.User', a: null, b: 'root' }],
      history: [{ change: 'modified', a: 0, b: 1, createdBy: 'RUN x', fields: { created: { a: '1', b: '2' } } }],
      layers: [{ a: side, b: { ...side, diffSize: 3000 }, change: 'modified', pairedBy: 'history' }],
    }
    const rows = rowsOf(pageOf(await diffReport([], [], { more })))
    expect(rows).toContainEqual(['upgraded', 'dpkg', 'a 1 → 2', '3'])
    expect(rows).toContainEqual(['config.User', 'none', 'root'])
    expect(rows).toContainEqual(['modified', '1', 'RUN x', 'created: 1 → 2'])
    expect(rows).toContainEqual(['0', '0', 'modified', '', '1 kB → 3 kB (+2 kB)', 'RUN <x>'])
  })
})

describe('the page of efficiency', () => {
  const page = pageOf(efficiencyOf())

  test('has the sums, the rules, and every path with what became of it', () => {
    expect(textOf(page)).toContain('imgtar efficiency: app.tar: 87.5 % efficient')
    expect(textOf(page)).toContain('1 path, most wasteful first')
    expect(rowsOf(page)).toContainEqual(['highestWastedBytes', '500 B, limit 100 B'])
    expect(rowsOf(page)).toContainEqual(['500 B', '/a<b', 'layer 0 replaced by 1, layer 1 visible'])
  })

  test('has a bar for each layer, by the largest of them', () => {
    const widths = Array.from(page.matchAll(/class="(kept|waste)" style="width:([\d.]+)%"/g), ([, ...both]) => both)
    expect(widths).toEqual([
      ['kept', '75.00'],
      ['waste', '25.00'],
      ['kept', '50.00'],
      ['waste', '0.00'],
    ])
  })

  test('stands where an image has no layers', () => {
    textOf(pageOf(efficiencyOf({ layers: [], paths: [] })))
  })
})
