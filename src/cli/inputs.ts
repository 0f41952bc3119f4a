import type { ImageArchive } from '../model/image.js'
import { openOperand, type OpenSettings } from './archives.js'
import { openKept, type KeptPipes } from './kept-pipes.js'

/** Several archives, open until this is disposed of. */
export interface Inputs extends AsyncDisposable {
  readonly archives: readonly ImageArchive[]
}

/** What opening several depends on. */
export interface InputSettings extends OpenSettings {
  /** What came down pipes that others read as well. */
  readonly kept?: KeptPipes
}

/** Opens operands, in order; one that fails closes those before it. Errors: those of openOperand. */
export async function openInputs(operands: readonly string[], settings: InputSettings): Promise<Inputs> {
  const archives: ImageArchive[] = []
  const opened: AsyncDisposable[] = []
  const close = async (): Promise<void> => {
    for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]()
  }
  try {
    for (const operand of operands) {
      const source = await keptSource(operand, settings)
      if (source !== undefined) opened.push(source)
      const archive = await openOperand(operand, { ...settings, given: source && { source } })
      opened.push(archive)
      archives.push(archive)
    }
  } catch (error) {
    await close()
    throw error
  }
  return { archives, [Symbol.asyncDispose]: close }
}

async function keptSource(operand: string, { kept, context }: InputSettings) {
  if (kept === undefined || kept.size === 0) return undefined
  const { parseOperand } = await import('../formats/operand.js')
  const { path } = await parseOperand(operand)
  return kept.has(path) ? openKept(path, kept, context) : undefined
}
