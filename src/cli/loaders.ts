import { spool } from '../bytes/spool.js'
import type { RunContext } from '../context.js'
import { parseOperand } from '../formats/operand.js'
import { openLoadView } from '../formats/load-view.js'
import type { GivenBytes } from '../formats/stored.js'
import type { EngineChoice } from '../model/engine-names.js'
import { askLoaders, type LoaderAnswers } from '../ops/loaders.js'
import { oneArchiveOnly } from './archive-errors.js'
import { streamAt } from './archives.js'

/** What is known of an archive before it is proved. */
export interface Asked extends Partial<LoaderAnswers> {
  /** The bytes of a pipe, which was read for it. */
  readonly given?: GivenBytes
}

/** Who is asked, and what about. */
export interface Asking {
  readonly operand: string
  readonly choices: readonly EngineChoice[]
  /** What comes in place of the operand's bytes. */
  readonly given?: GivenBytes | undefined
}

/**
 * Asks loaders about an archive, and hands their answers on to who proves it; a pipe is kept in a temporary file for
 * both. An archive that cannot be opened has no answers, and its proof says why. Errors: ERR_ABORTED.
 */
export async function withLoaders<Proof>(
  { operand, choices, given }: Asking,
  context: RunContext,
  prove: (asked: Asked) => Promise<Proof>,
): Promise<Proof> {
  const { path } = await parseOperand(operand).catch(() => ({ path: operand }))
  const stream = given?.stdin ?? (await streamAt(path, context))
  if (stream === undefined) return prove(await answers(path, choices, context))
  await using source = await spool(stream, path, context.signal)
  const kept = { source }
  return await prove({ ...(await answers(path, choices, context, kept)), given: kept })
}

async function answers(
  path: string,
  choices: readonly EngineChoice[],
  context: RunContext,
  given: GivenBytes = {},
): Promise<Partial<LoaderAnswers>> {
  try {
    await using view = await openLoadView(path, context, given)
    return await askLoaders(view, choices, context)
  } catch (error) {
    oneArchiveOnly(error, context)
    return {}
  }
}
