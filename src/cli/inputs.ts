import type { ImageArchive } from '../model/image.js'
import { openOperand, type OpenSettings } from './archives.js'

/** Several archives, open until this is disposed of. */
export interface Inputs extends AsyncDisposable {
  readonly archives: readonly ImageArchive[]
}

/** Opens operands, in order; one that fails closes those before it. Errors: those of openOperand. */
export async function openInputs(operands: readonly string[], settings: OpenSettings): Promise<Inputs> {
  const archives: ImageArchive[] = []
  const close = async (): Promise<void> => {
    for (const archive of archives.splice(0).reverse()) await archive[Symbol.asyncDispose]()
  }
  try {
    for (const operand of operands) archives.push(await openOperand(operand, settings))
  } catch (error) {
    await close()
    throw error
  }
  return { archives: [...archives], [Symbol.asyncDispose]: close }
}
