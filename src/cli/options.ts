import { choice, byteCount, flag, value, wholeNumber } from './arguments.js'
import type { ValuesOf } from './arguments.js'
import { UsageError } from './usage-error.js'

/** The options that every command takes. */
export const GLOBAL_OPTIONS = {
  json: flag('print one JSON document (docs/json.md) instead of text'),
  quiet: flag('print nothing on stdout; the exit code tells', 'q'),
  progress: choice('show progress on stderr; auto: a line on a terminal', ['auto', 'plain', 'none'], 'auto'),
  color: choice('colour text; auto: on a terminal, unless NO_COLOR is set', ['auto', 'always', 'never'], 'auto'),
  platform: value('take the image of this platform from an index', 'OS/ARCH[/VARIANT]', platformText),
  jobs: value('threads that may work at once (default: the cores)', 'N', wholeNumber(1)),
  'limit-json': value('largest JSON document (default 4MiB)', 'SIZE', byteCount),
  'limit-pax': value('largest PAX header (default 1MiB)', 'SIZE', byteCount),
  'limit-entries': value('most entries of one tar (default 2000000)', 'N', wholeNumber(1)),
  'limit-ratio': value('most bytes out of one compressed byte (default 1000)', 'N', wholeNumber(1)),
  'limit-depth': value('most components of one path (default 1024)', 'N', wholeNumber(1)),
} as const

/** What the global options read as. */
export type GlobalValues = ValuesOf<typeof GLOBAL_OPTIONS>

// Its meaning is the model's (model/platform.ts); here only its shape, so that usage errors need no model.
function platformText(text: string): string {
  if (!/^[^/]+(\/[^/]+){1,2}$/.test(text))
    throw new UsageError(`--platform wants OS/ARCH[/VARIANT], as linux/arm64/v8, not '${text}'`)
  return text
}
