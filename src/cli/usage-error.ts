/** The command line makes no sense; `command` is the one whose help would tell. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
