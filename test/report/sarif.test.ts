import { describe, expect, test } from 'vitest'
import { sarif } from '../../src/report/sarif.js'
import { MIXED, PLAIN_STYLE, verifyReport } from '../support/verdicts.js'
import { sarifFaults, sarifLog } from '../support/sarif-schema.js'

type Report = Parameters<typeof sarif.present>[0]

const logOf = (report: Report): unknown => JSON.parse([...sarif.present(report, PLAIN_STYLE)].join(''))

const runOf = (report: Report) => {
  const [run] = sarifLog.parse(logOf(report)).runs
  if (run === undefined) throw new Error('no run')
  return run
}

describe('SARIF', () => {
  const run = runOf(MIXED)
  const { rules = [] } = run.tool.driver
  const { results = [] } = run

  test('keeps to the schema, for one archive or many, with findings or none', () => {
    const one = verifyReport({ archive: '-', ok: true, images: [], findings: [] })
    for (const report of [verifyReport(), one, MIXED]) expect(sarifFaults(logOf(report))).toEqual([])
    expect(runOf(one).results).toEqual([])
    expect(results).toHaveLength(8)
  })

  test('is held against a schema that refuses', () => {
    expect(sarifFaults({ version: '2.1.0', runs: [{ tool: {} }] })).toEqual([
      ".runs[0].tool should have required property 'driver'",
    ])
  })

  test('every result names its rule, which carries title, help and level', () => {
    for (const { ruleId, ruleIndex } of results) expect(rules[ruleIndex ?? -1]?.id).toBe(ruleId)
    const rule = rules.find(({ id }) => id === 'DIFFID_MISMATCH')
    expect(rule?.shortDescription?.text).toBe('The diffID of a layer is not the one in the config')
    expect(rule?.help?.text).toContain('are not those that the image was made of')
    expect(rule?.defaultConfiguration?.level).toBe('error')
    expect(rules.map(({ id }) => id)).toEqual(rules.map(({ id }) => id).sort())
  })

  test('a result lies in the archive at a byte, and in a member of it', () => {
    const result = results.find(({ ruleId }) => ruleId === 'DIFFID_MISMATCH')
    expect(result?.locations).toEqual([
      {
        physicalLocation: { artifactLocation: { uri: 'bad.tar' }, region: { byteOffset: 512 } },
        logicalLocations: [{ fullyQualifiedName: 'bad.tar › b/layer.tar', kind: 'member' }],
        message: { text: 'b/layer.tar, byte 512, layer 1' },
      },
    ])
    expect(result?.message.text).toBe('about DIFFID_MISMATCH (expected x, actual y)')
  })

  test('what is allowed is a result that is suppressed', () => {
    const suppressed = results.filter(({ suppressions }) => suppressions !== undefined)
    expect(suppressed.map(({ ruleId }) => ruleId)).toEqual(['TAG_INVALID'])
  })

  test('an archive that could not be read is a result, and the run did not succeed', () => {
    const [invocation] = run.invocations ?? []
    expect(invocation?.executionSuccessful).toBe(false)
    expect(invocation?.toolExecutionNotifications?.map(({ descriptor }) => descriptor?.id)).toEqual(['ERR_TRUNCATED'])
    const result = results.find(({ ruleId }) => ruleId === 'ERR_TRUNCATED')
    expect(result?.locations?.[0]?.physicalLocation?.artifactLocation.uri).toBe('dir/cut%20tar')
    expect(result?.message.text).toBe('cut (copy it again)')
  })

  test('the same finding has the same fingerprint in another run, another one has not', () => {
    const prints = results.map(({ partialFingerprints }) => partialFingerprints?.['imgtar/v1'])
    expect(runOf(MIXED).results?.map(({ partialFingerprints }) => partialFingerprints?.['imgtar/v1'])).toEqual(prints)
    expect(new Set(prints).size).toBe(prints.length)
  })
})
