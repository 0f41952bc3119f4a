import { ERROR_CODES } from '../errors.js'
import { ruleOf, type Severity } from '../findings.js'
import type { FindingReport } from '../model/report.js'
import { jsonText } from './json.js'
import { outcomesOf, type Outcome } from './outcomes.js'
import { placeInWords } from './place.js'
import type { Presenter } from './presenter.js'

const HELP = 'https://www.npmjs.com/package/imgtar'

/**
 * A SARIF 2.1.0 log (OASIS sarif-v2.1.0): a rule for each code that was found, with its help; a result for each finding;
 * archives that could not be read are results as well, and notifications of a run that did not succeed.
 */
export const sarif: Presenter = {
  name: 'sarif',
  *present(report) {
    const outcomes = outcomesOf(report)
    const codes = new Set(outcomes.flatMap(codesOf))
    const rules = [...codes].sort().map(sarifRule)
    const places = new Map(rules.map(({ id }, index) => [id, index]))
    const run = {
      tool: {
        driver: { name: 'imgtar', version: report.tool.version, informationUri: HELP, rules },
      },
      invocations: [invocationOf(outcomes)],
      columnKind: 'unicodeCodePoints',
      results: outcomes.flatMap((outcome) => resultsOf(outcome, places)),
    }
    yield `${jsonText({ $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] }, 2)}\n`
  },
  notices: () => [],
}

function codesOf({ findings, error }: Outcome): readonly string[] {
  return [...findings.map(({ code }) => code), ...(error === undefined ? [] : [error.code])]
}

interface Rule {
  readonly id: string
  readonly shortDescription: { readonly text: string }
  readonly fullDescription: { readonly text: string }
  readonly help: { readonly text: string; readonly markdown: string }
  readonly defaultConfiguration: { readonly level: Severity }
  readonly properties: { readonly tags: readonly string[] }
}

function sarifRule(code: string): Rule {
  const finding = ruleOf(code)
  const meaning = Object.entries(ERROR_CODES).find(([name]) => name === code)?.[1] ?? code
  const title = finding?.title ?? `The archive could not be read: ${meaning}`
  const help = finding?.help ?? 'Nothing can be said of what is in it. The message tells where it stopped.'
  return {
    id: code,
    shortDescription: { text: title },
    fullDescription: { text: `${title}. ${help}` },
    help: { text: `${title}. ${help}`, markdown: `**${title}.** ${help}` },
    defaultConfiguration: { level: finding?.severity ?? 'error' },
    properties: { tags: ['container-image'] },
  }
}

type Places = ReadonlyMap<string, number>

function resultsOf({ archive, findings, error }: Outcome, rules: Places): readonly object[] {
  const told = findings.map((finding) => resultOf(finding, rules))
  if (error === undefined) return told
  const { code, message, where, hint } = error
  const text = hint === undefined ? message : `${message} (${hint})`
  const unreadable = {
    ruleId: code,
    ruleIndex: rules.get(code) ?? -1,
    level: 'error',
    message: { text },
    locations: [locationOf({ ...where, archive })],
  }
  return [unreadable, ...told]
}

function resultOf(finding: FindingReport, rules: Places): object {
  const { code, severity, message, where, expected, actual, allowed } = finding
  const values = [
    ...(expected === undefined ? [] : [`expected ${expected}`]),
    ...(actual === undefined ? [] : [`actual ${actual}`]),
  ]
  const suppressions = [{ kind: 'external', status: 'accepted', justification: `allowed with --allow ${code}` }]
  return {
    ruleId: code,
    ruleIndex: rules.get(code) ?? -1,
    level: severity,
    message: { text: values.length === 0 ? message : `${message} (${values.join(', ')})` },
    locations: [locationOf(where)],
    // What stays the same from run to run, so that a service knows an old finding from a new one.
    partialFingerprints: { 'imgtar/v1': [code, where.path, where.entry, where.layer, expected].join('|') },
    ...(allowed === true && { suppressions }),
  }
}

/** The file is the archive; what is inside is a logical place, since no viewer can open it. */
function locationOf(where: FindingReport['where']): object {
  const { archive, offset, path, entry } = where
  const inside = placeInWords(where)
  return {
    physicalLocation: {
      artifactLocation: { uri: uriOf(archive) },
      ...(offset !== undefined && { region: { byteOffset: offset } }),
    },
    ...(inside !== '' && {
      logicalLocations: [
        { fullyQualifiedName: [archive, path, entry].filter((part = '') => part !== '').join(' › '), kind: 'member' },
      ],
      message: { text: inside },
    }),
  }
}

/** A URI reference: relative as the name is, absolute only as `file:`. */
function uriOf(name: string): string {
  const path = name
    .replace(/\p{Cs}/gu, '\ufffd') // a lone surrogate has no UTF-8
    .split('/')
    .map((part) => encodeURIComponent(part))
    .join('/')
  return name.startsWith('/') ? `file://${path}` : path
}

function invocationOf(outcomes: readonly Outcome[]): object {
  const unreadable = outcomes.flatMap(({ archive, error }) => (error === undefined ? [] : [{ archive, error }]))
  const notifications = unreadable.map(({ archive, error }) => ({
    descriptor: { id: error.code },
    level: 'error',
    message: { text: `${archive}: ${error.message}` },
    locations: [locationOf({ ...error.where, archive })],
  }))
  return {
    executionSuccessful: unreadable.length === 0,
    ...(notifications.length > 0 && { toolExecutionNotifications: notifications }),
  }
}
