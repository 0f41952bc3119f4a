import { describe, expect, test } from 'vitest'
import type { HistoryReport, ImagesReport } from '../../../src/model/report.js'
import { human } from '../../../src/report/human/index.js'

const now = new Date('2026-11-21T06:57:29Z')
const style = { color: false, full: false, now }
const tool = { name: 'imgtar', version: '0.0.0' } as const
const id = 'sha256:179a3262b8e88d2eb46394d45b6c3ab474f4f4556e2ceac1b030fcc7cc600bf3'

const images: ImagesReport = {
  schema: 'imgtar/images/v1',
  tool,
  ok: true,
  images: [
    {
      archive: 'a',
      repository: 'corp-tiny-alpha',
      tag: 'committed',
      imageID: id,
      platform: 'linux/amd64',
      created: '2026-11-21T02:57:29Z',
      size: 2_250_000,
    },
    { archive: 'a', repository: null, tag: null, imageID: id, platform: 'linux/amd64', created: null, size: null },
  ],
  findings: [],
  errors: [],
}

const step = { created: '2026-11-21T02:57:29Z', comment: '', emptyLayer: false, diffID: null, layer: null }
const history: HistoryReport = {
  schema: 'imgtar/history/v1',
  tool,
  ok: true,
  archive: 'a',
  imageID: id,
  history: [
    {
      ...step,
      createdBy: '-c echo run alpha >/run.txt; rm /etc/hello.txt; mkdir -p /var/lib/x/y',
      size: 65_600,
      comment: 'corp commit',
    },
    { ...step, createdBy: '/bin/sh -c #(nop)  CMD ["echo\talpha"]', size: 0 },
    { ...step, createdBy: 'RUN a\nb', size: null },
  ],
  findings: [],
}

// The first rows are what docker 20.10 and 28.5 printed for such images, blanks included.
describe('tables as docker prints them', () => {
  test('images', () => {
    expect([...human.present(images, style)]).toEqual([
      'REPOSITORY        TAG         IMAGE ID       CREATED       SIZE\n',
      'corp-tiny-alpha   committed   179a3262b8e8   4 hours ago   2.25MB\n',
      '<none>            <none>      179a3262b8e8   N/A           N/A\n',
    ])
  })

  test('no table where nothing could be read, and one without rows where there are no images', () => {
    const error = { code: 'ERR_NOT_FOUND', message: 'no such file or directory', where: { archive: 'a' } }
    const table = (errors: ImagesReport['errors']) => [...human.present({ ...images, images: [], errors }, style)]
    expect(table([error])).toEqual([])
    expect(table([])).toEqual(['REPOSITORY   TAG       IMAGE ID   CREATED   SIZE\n'])
  })

  test('images of a docker up to 1.9 with the size of the top layer and of all', () => {
    const [first, second] = images.images
    const old = first && second ? [{ ...first, topSize: 1024 }, { ...second, topSize: null }, first] : []
    expect([...human.present({ ...images, images: old }, style)]).toEqual([
      'REPOSITORY        TAG         IMAGE ID       CREATED       SIZE      VIRTUAL SIZE\n',
      'corp-tiny-alpha   committed   179a3262b8e8   4 hours ago   1.02kB    2.25MB\n',
      '<none>            <none>      179a3262b8e8   N/A           N/A       N/A\n',
      'corp-tiny-alpha   committed   179a3262b8e8   4 hours ago   2.25MB    2.25MB\n',
    ])
  })

  test('history, with a line break shown and not obeyed', () => {
    expect([...human.present(history, style)]).toEqual([
      'IMAGE          CREATED       CREATED BY                                      SIZE      COMMENT\n',
      '179a3262b8e8   4 hours ago   -c echo run alpha >/run.txt; rm /etc/hello.t…   65.6kB    corp commit\n',
      '<missing>      4 hours ago   /bin/sh -c #(nop)  CMD ["echo alpha"]           0B        \n',
      '<missing>      4 hours ago   RUN a\\nb                                        N/A       \n',
    ])
  })

  test('whole digests and lines with --no-trunc', () => {
    const [, first = ''] = human.present(history, { ...style, full: true })
    expect(first).toContain(id)
    expect(first).toContain('mkdir -p /var/lib/x/y')
  })
})

describe('notices beside a table', () => {
  const finding = {
    code: 'ARCHIVE_TRUNCATED',
    severity: 'error',
    message: 'cut',
    where: { archive: 'a', offset: 7 },
  } as const

  test('name errors and warnings with their place, not notes', () => {
    const note = { ...finding, code: 'BLOB_ORPHAN', severity: 'note' } as const
    expect([...human.notices({ ...images, findings: [finding, note] }, style)]).toEqual([
      'imgtar: a: error ARCHIVE_TRUNCATED: cut (byte 7)\n',
    ])
  })

  test('are cut at 10', () => {
    const lines = [...human.notices({ ...history, findings: Array.from({ length: 12 }, () => finding) }, style)]
    expect(lines).toHaveLength(11)
    expect(lines.at(-1)).toBe('imgtar: … and 2 more; imgtar verify tells all\n')
  })

  test('name the archives that could not be read, and the way out', () => {
    const error = { code: 'ERR_NOT_FOUND', message: 'no such file', where: { archive: 'b', path: 'm' }, hint: 'look' }
    expect([...human.notices({ ...images, errors: [error] }, style)]).toEqual([
      'imgtar: b › m: no such file (ERR_NOT_FOUND)\n',
      '  hint: look\n',
    ])
  })
})
