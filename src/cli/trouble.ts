import { ArchiveError, firstOf, toArchiveError } from '../errors.js'
import { visible, visibleName, visibleText } from '../report/escape.js'
import { EXIT } from './exit-code.js'
import type { ExitCode } from './exit-code.js'
import { UsageError } from './usage-error.js'

/** What stderr says of something thrown, and the code the run ends with. */
export interface Trouble {
  readonly exitCode: ExitCode
  readonly message: string
}

/** What is known of the run that failed. */
export interface FailedRun {
  readonly interrupted: boolean
  /** Whether stacks are wanted. */
  readonly debug: boolean
  /** The command that was typed, where it is one. */
  readonly command?: string
}

/** Sorts what was thrown into bad usage, an archive that cannot be read, an interruption, or our bug. */
export function troubleOf(thrown: unknown, { interrupted, debug, command }: FailedRun): Trouble {
  const error = firstOf(thrown)
  const stack = debug && error instanceof Error ? `${visibleLines(error.stack ?? '')}\n` : ''
  if (interrupted) return { exitCode: EXIT.interrupted, message: `imgtar: interrupted\n${stack}` }
  if (error instanceof UsageError) {
    return {
      exitCode: EXIT.trouble,
      message: `imgtar: ${visible(error.message)}\n  hint: imgtar ${command === undefined ? '--help' : `help ${command}`}\n${stack}`,
    }
  }
  // What the system refuses (a full disk behind stdout) is no bug either.
  if (error instanceof ArchiveError || (error instanceof Error && 'syscall' in error)) {
    return { exitCode: EXIT.trouble, message: `${archiveTrouble(toArchiveError(error))}${stack}` }
  }
  return { exitCode: EXIT.bug, message: bug(error, stack) }
}

function archiveTrouble({ location, message, code, offset, hint }: ArchiveError): string {
  const place = location === undefined ? '' : `${visibleName(location)}: `
  const at = offset === undefined ? '' : `, byte ${offset}`
  const advice = hint === undefined ? '' : `  hint: ${visible(hint)}\n`
  return `imgtar: ${place}${visibleText(message)} (${code}${at})\n${advice}`
}

function bug(error: unknown, stack: string): string {
  const what = visible(error instanceof Error ? `${error.name}: ${error.message}` : String(error))
  const ask =
    stack === ''
      ? '  Run it again with IMGTAR_DEBUG=1 and report what that prints, with the archive if you can.\n'
      : stack
  return `imgtar: a bug in imgtar, the answer is unknown: ${what}\n${ask}`
}

function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n')
}
