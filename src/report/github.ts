import type { FindingReport } from '../model/report.js'
import { visible, visibleText } from './escape.js'
import { outcomesOf, type Outcome } from './outcomes.js'
import { placeInWords } from './place.js'
import type { Presenter } from './presenter.js'

// GitHub shows ten annotations of a kind for a step; the others only make its log unreadable.
const MOST_OF_A_KIND = 10

type Kind = 'error' | 'warning' | 'notice'

interface Annotation {
  readonly kind: Kind
  readonly file: string
  readonly title: string
  readonly message: string
}

/** Workflow commands of GitHub Actions: each finding is an annotation, and the verdicts are lines of the log. */
export const github: Presenter = {
  name: 'github',
  *present(report) {
    const outcomes = outcomesOf(report)
    const all = outcomes.flatMap(annotationsOf)
    for (const kind of ['error', 'warning', 'notice'] as const) {
      const these = all.filter((one) => one.kind === kind)
      for (const one of these.slice(0, MOST_OF_A_KIND)) yield commandOf(one)
      const more = these.length - MOST_OF_A_KIND
      if (more > 0) yield `imgtar: ${more} more of kind ${kind}: --report text or json has them all\n`
    }
    for (const outcome of outcomes) yield `${lineText(outcome.archive)}: ${outcome.ok ? 'passed' : 'failed'}\n`
  },
  notices: () => [],
}

function annotationsOf({ archive, findings, error }: Outcome): readonly Annotation[] {
  const told = findings.map((finding) => annotationOf(archive, finding))
  if (error === undefined) return told
  const hint = error.hint === undefined ? '' : `\nhint: ${error.hint}`
  return [{ kind: 'error', file: archive, title: error.code, message: `${error.message}${hint}` }, ...told]
}

function annotationOf(file: string, finding: FindingReport): Annotation {
  const { severity, allowed, code, message, where, expected, actual } = finding
  const place = placeInWords(where)
  const lines = [
    message,
    ...(place === '' ? [] : [`at ${place}`]),
    ...(expected === undefined ? [] : [`expected ${expected}`]),
    ...(actual === undefined ? [] : [`actual ${actual}`]),
  ]
  const kind = severity === 'note' || allowed === true ? 'notice' : severity
  return { kind, file, title: allowed === true ? `${code} (allowed)` : code, message: lines.join('\n') }
}

function commandOf({ kind, file, title, message }: Annotation): string {
  const shown = message.split('\n').map(visibleText).join('\n')
  return `::${kind} file=${property(file)},title=${property(title)}::${data(shown)}\n`
}

// The escapes of @actions/core (toolkit, packages/core/src/command.ts): names of an archive must not end the command.
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(visible(text)).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

/** A name as part of a log line that no runner takes for a command. */
function lineText(text: string): string {
  return data(visible(text)).replaceAll('::', ':%3A')
}
