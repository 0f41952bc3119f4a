import { describe, expect, test } from 'vitest'
import { junit } from '../../src/report/junit.js'
import { findingOf, MIXED, PLAIN_STYLE, TWO_LAYERS, verifyReport } from '../support/verdicts.js'
import { junitFaults } from '../support/junit-schema.js'
import { parseXml, type XmlElement } from '../support/xml.js'

type Report = Parameters<typeof junit.present>[0]

const textOf = (report: Report) => [...junit.present(report, PLAIN_STYLE)].join('')
const documentOf = (report: Report): XmlElement => parseXml(textOf(report))

const within = (element: XmlElement, name: string): readonly XmlElement[] => [
  ...element.children.filter((child) => child.name === name),
  ...element.children.flatMap((child) => within(child, name)),
]

describe('JUnit', () => {
  const root = documentOf(MIXED)

  test('keeps to the schema, whatever names an archive has', async () => {
    expect(await junitFaults(textOf(MIXED))).toEqual([])
    expect(await junitFaults(textOf(verifyReport()))).toEqual([])
  })

  test('is held against a schema that refuses', async () => {
    const [fault = ''] = await junitFaults(textOf(MIXED).replaceAll(/(?<=<\/?)failure/g, 'failed'))
    expect(fault).toContain("'failed'")
  })

  test('counts what it holds, in each suite and over all', () => {
    for (const suite of [root, ...root.children]) {
      const counts = ['testcase', 'failure', 'error'].map((name) => String(within(suite, name).length))
      expect([suite.attributes.tests, suite.attributes.failures, suite.attributes.errors]).toEqual(counts)
    }
  })

  test('has a suite for each archive and a case for each thing that was checked', () => {
    const bad = root.children.find(({ attributes }) => attributes.name === 'bad.tar')
    expect(
      bad?.children.map(({ attributes, children }) => [attributes.name, children.map(({ name }) => name)]),
    ).toEqual([
      ['archive', ['failure']],
      ['documents', ['system-out']],
      ['layer 0 of a:1: a/layer.tar', []],
      ['layer 1 of a:1: b/layer.tar', ['failure']],
      ['size.total', ['failure']],
      ['config.user (a:1)', []],
      ['commandTests', ['skipped']],
    ])
  })

  test('tells of an archive that could not be read as an error', () => {
    const [error] = within(root, 'error')
    expect(error?.attributes).toEqual({ type: 'ERR_TRUNCATED', message: 'cut' })
    expect(error?.text).toBe('byte 7\nhint: copy it again')
  })

  test('says where, what was expected and what was there', () => {
    const bad = root.children.find(({ attributes }) => attributes.name === 'bad.tar')
    const failure = bad?.children[3]?.children[0]
    expect(failure?.text.split('\n')).toEqual([
      'error DIFFID_MISMATCH: about DIFFID_MISMATCH',
      '  at b/layer.tar, byte 512, layer 1',
      '  expected x',
      '  actual   y',
    ])
  })

  test('fails a case for a warning, unless only errors are to fail', () => {
    const report = verifyReport({
      archive: 'bad.tar',
      ok: true,
      images: [TWO_LAYERS],
      findings: [findingOf('TAG_DUPLICATE', 'warning')],
    })
    expect(documentOf(report).attributes.failures).toBe('1')
    expect(documentOf({ ...report, failOn: 'error' }).attributes.failures).toBe('0')
  })
})
