import type { OpenSource } from '../bytes/source.js'
import type { RunContext } from '../context.js'
import { openBytes, streamAt } from './archives.js'

/** Temporary files that hold what came down pipes, by the path of each; plain data, so that threads find them too. */
export type KeptPipes = ReadonlyMap<string, string>

/** Pipes that are kept until disposal. */
export interface Keeping extends AsyncDisposable {
  readonly kept: KeptPipes
}

/**
 * Keeps those of the operands that can be read once only, for work that wants them several times. Errors: those of
 * streamAt and parseOperand, ERR_IO, ERR_ABORTED.
 */
export async function keepPipes(operands: readonly string[], context: RunContext): Promise<Keeping> {
  const kept = new Map<string, string>()
  const sources: OpenSource[] = []
  const close = async (): Promise<void> => {
    for (const source of sources.splice(0)) await source[Symbol.asyncDispose]()
  }
  try {
    for (const operand of operands) {
      const { path } = await (await import('../formats/operand.js')).parseOperand(operand)
      const stream = kept.has(path) ? undefined : await streamAt(path, context)
      if (stream === undefined) continue
      const source = await (await import('../bytes/spool.js')).spool(stream, path, context.signal)
      sources.push(source)
      if (source.place !== undefined) kept.set(path, source.place.file)
    }
  } catch (error) {
    await close()
    throw error
  }
  return { kept, [Symbol.asyncDispose]: close }
}

/** The bytes of a path, to be read anywhere; those of a kept pipe as often as one likes. Errors: those of openBytes. */
export async function openKept(path: string, kept: KeptPipes, context: RunContext): Promise<OpenSource> {
  const file = kept.get(path)
  return file === undefined ? openBytes(path, context) : (await import('../bytes/source.js')).fileSource(file, path)
}
