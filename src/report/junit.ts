import { readable } from './escape.js'
import type { FindingReport } from '../model/report.js'
import { checksOf, outcomesOf, weighs, type Check, type Outcome } from './outcomes.js'
import { placeInWords } from './place.js'
import type { Presenter } from './presenter.js'
import { element, xmlText } from './xml.js'

/** JUnit XML as Jenkins, GitLab and others read it: a suite for each archive, a case for each thing that was checked. */
export const junit: Presenter = {
  name: 'junit',
  *present(report) {
    const failOn = 'failOn' in report ? report.failOn : 'warning'
    const suites = outcomesOf(report).map((outcome) => suiteOf(outcome, failOn))
    const sum = (count: (suite: Suite) => number) => suites.reduce((total, suite) => total + count(suite), 0)
    const totals = {
      name: `imgtar ${report.tool.version}`,
      tests: sum(({ tests }) => tests),
      failures: sum(({ failures }) => failures),
      errors: sum(({ errors }) => errors),
    }
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield element('testsuites', totals, suites.map(({ text }) => text).join(''))
  },
  notices: () => [],
}

interface Suite {
  readonly tests: number
  readonly failures: number
  readonly errors: number
  readonly text: string
}

function suiteOf(outcome: Outcome, failOn: FindingReport['severity']): Suite {
  const { archive, error, checks = [] } = outcome
  const cases: readonly Case[] = [
    ...(error === undefined ? [] : [unreadable(error)]),
    ...checksOf(outcome).map((check) => caseOf(check, failOn)),
    ...checks.map(ruleCase),
  ]
  const tests = cases.length
  const failures = cases.filter(({ kind }) => kind === 'failed').length
  const errors = cases.filter(({ kind }) => kind === 'error').length
  const skipped = cases.filter(({ kind }) => kind === 'skipped').length
  const inside = cases.map((one) => element('testcase', { classname: archive, name: one.name }, one.inside))
  return {
    tests,
    failures,
    errors,
    text: element('testsuite', { name: archive, tests, failures, errors, skipped }, inside.join('')),
  }
}

interface Case {
  readonly name: string
  readonly kind: 'passed' | 'failed' | 'error' | 'skipped'
  readonly inside: string
}

function ruleCase({ rule, ok, skipped, message, image, policy }: NonNullable<Outcome['checks']>[number]): Case {
  const name = image === undefined ? rule : `${rule} (${image})`
  if (skipped === true) return { name, kind: 'skipped', inside: element('skipped', {}, xmlText(message)) }
  if (ok) return { name, kind: 'passed', inside: '' }
  const text = xmlText(`${policy.file}:${policy.line ?? 1}: ${message}`)
  return { name, kind: 'failed', inside: element('failure', { message, type: 'POLICY' }, text) }
}

function unreadable({ code, message, where, hint }: NonNullable<Outcome['error']>): Case {
  const text = [placeInWords(where), hint === undefined ? '' : `hint: ${hint}`].filter((line) => line !== '')
  return {
    name: 'readable',
    kind: 'error',
    inside: element('error', { message: readable(message), type: code }, xmlText(text.join('\n'))),
  }
}

function caseOf({ name, findings }: Check, failOn: FindingReport['severity']): Case {
  const heavy = findings.filter((finding) => weighs(finding, failOn))
  const light = findings.filter((finding) => !weighs(finding, failOn))
  const [first] = heavy
  const failure =
    first === undefined
      ? ''
      : element(
          'failure',
          { message: messageOf(heavy, first), type: first.code },
          xmlText(heavy.map(lineOf).join('\n')),
        )
  const told = light.length === 0 ? '' : element('system-out', {}, xmlText(light.map(lineOf).join('\n')))
  return { name, kind: first === undefined ? 'passed' : 'failed', inside: failure + told }
}

function messageOf(findings: readonly FindingReport[], { code, message }: FindingReport): string {
  const more = findings.length === 1 ? '' : ` (and ${findings.length - 1} more)`
  return `${code}: ${readable(message)}${more}`
}

function lineOf({ severity, code, allowed, message, where, expected, actual }: FindingReport): string {
  const place = placeInWords(where)
  return [
    `${severity}${allowed === true ? ' (allowed)' : ''} ${code}: ${readable(message)}`,
    ...(place === '' ? [] : [`  at ${place}`]),
    ...(expected === undefined ? [] : [`  expected ${readable(expected)}`]),
    ...(actual === undefined ? [] : [`  actual   ${readable(actual)}`]),
  ].join('\n')
}
