import { stat } from 'node:fs/promises'
import { toArchiveError } from '../errors.js'

/** What the user gives to hold damaged layers against. */
export interface EvidencePlaces {
  /** Operands: other archives with copies of the layers. */
  readonly against: readonly string[]
  /** Paths of tar-split sidecars. */
  readonly sidecars: readonly string[]
}

/**
 * Refuses evidence that is not there, also where nothing is damaged and so nobody would look: a wrong name in a job would
 * pass until the day it is needed. Errors: ERR_NOT_FOUND, ERR_REFERENCE, ERR_IO.
 */
export async function refuseMissing({ against, sidecars }: EvidencePlaces): Promise<void> {
  const paths = [...sidecars]
  for (const operand of against) paths.push((await (await import('../formats/operand.js')).parseOperand(operand)).path)
  for (const path of paths) {
    if (path === '-') continue
    await stat(path).catch((cause: unknown) => {
      throw toArchiveError(cause, { location: path })
    })
  }
}
