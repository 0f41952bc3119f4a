import { values, type Option } from './arguments.js'
import { UsageError } from './usage-error.js'

/** What `--report` can be given where archives are judged. */
export const VERDICT_KINDS = ['text', 'json', 'ndjson', 'junit', 'sarif', 'github', 'markdown', 'html'] as const

/** What `--report` can be given anywhere. */
const KINDS = [...VERDICT_KINDS, 'cyclonedx'] as const
type Kind = (typeof KINDS)[number]

/** One output of a run: what it looks like, and where it goes. */
export interface ReportTarget {
  readonly kind: Kind
  /** Undefined for standard output. */
  readonly file: string | undefined
}

/** `--report KIND[=FILE]`, as often as wanted, for a command that has these kinds. */
export function reportOption(kinds: readonly Kind[] = KINDS): Option<readonly ReportTarget[]> {
  const names = kinds.join(', ')
  const summary = `print as ${names}; with a file, there; give it again for several at once`
  return values(summary, 'KIND[=FILE]', (text) => {
    const equals = text.indexOf('=')
    const name = equals < 0 ? text : text.slice(0, equals)
    const file = equals < 0 ? undefined : text.slice(equals + 1)
    const kind = kinds.find((one) => one === name)
    if (kind === undefined) throw new UsageError(`--report is one of ${names}, not '${name}'`)
    if (file === '') throw new UsageError(`--report ${name}= names no file`)
    return { kind, file: file === '-' ? undefined : file }
  })
}

/**
 * Where a report goes: what was asked for, and text on standard output where nothing else goes there. `json` stands for
 * `--json`. Errors: UsageError where two would mix on standard output, or two would be one file.
 */
export function reportTargets(asked: readonly ReportTarget[], json: boolean): readonly ReportTarget[] {
  const all: readonly ReportTarget[] = json ? [{ kind: 'json', file: undefined }, ...asked] : asked
  const places = all.map(({ file }) => file)
  const twice = places.find((place, index) => places.indexOf(place) !== index)
  if (places.length !== new Set(places).size) {
    const where = twice === undefined ? 'standard output' : `'${twice}'`
    throw new UsageError(`two reports for ${where}; give one a file, as --report junit=verify.xml`)
  }
  return places.includes(undefined) ? all : [{ kind: 'text', file: undefined }, ...all]
}
