import { describe, expect, test } from 'vitest'
import type { DiffReport } from '../../src/model/report.js'
import { diffMarkdown } from '../../src/report/markdown-diff.js'
import { file } from '../support/layers.js'
import { diffReport } from './diff-report.js'

const markdown = async (...given: Parameters<typeof diffReport>) =>
  [...diffMarkdown(await diffReport(...given))].join('')

describe('the Markdown of a diff', () => {
  test('tells the answer, a summary and the paths, with nothing that a name makes markup of', async () => {
    const text = await markdown([file('a|b`c')], [file('<img>', { content: 'x' })])
    expect(text).toMatch(/^### imgtar diff: a.tar and b.tar differ: 2 paths\n/)
    expect(text).toContain('- removed `` /a\\|b`c ``')
    expect(text).toContain('- added `/<img>`')
  })

  test('has the lines of one file, in a fence that no line of it ends', async () => {
    const [a, b] = [[file('f', { content: 'one\n```\n' })], [file('f', { content: 'two\n```\n' })]]
    const text = await markdown(a, b, { content: '/f' })
    expect(text).toContain('````diff\n@@ -1,2 +1,2 @@\n-one\n+two\n ```\n````\n')
  })

  test('says so where the lines are the same', async () => {
    const text = await markdown([file('f', { content: 'x' })], [file('f', { content: 'x' })], { content: '/f' })
    expect(text).toContain('`/f`: the same content')
  })

  test('tells the steps of the history that differ, and in what', async () => {
    const history: DiffReport['history'] = [
      { change: 'modified', a: 0, b: 0, createdBy: 'RUN x', fields: { created: { a: '1', b: '2' } } },
    ]
    expect(await markdown([], [], { more: { history } })).toContain('- modified 0: `RUN x`: created\n')
  })
})
