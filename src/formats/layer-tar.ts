import type { RunContext } from '../context.js'
import { ArchiveError } from '../errors.js'
import { watchCompression } from './outer-compression.js'
import { chunksOfStored, closeStored, openStored, type GivenBytes } from './stored.js'

/** A tar to be read once, whatever it is compressed with. */
export interface LayerTar extends AsyncDisposable {
  /** Errors: ERR_COMPRESSION at the end of a damaged stream, ERR_IO. */
  readonly chunks: AsyncIterable<Uint8Array>
}

/** Opens a bare layer tar; `-` is what is given. Errors: ERR_NOT_FOUND, ERR_IO, ERR_USAGE. */
export async function openLayerTar(path: string, context: RunContext, given: GivenBytes): Promise<LayerTar> {
  const stored = await openStored(path, context, given)
  const plain = await watchCompression(chunksOfStored(stored, context), path, context)
  async function* checked(): AsyncGenerator<Uint8Array> {
    yield* plain.chunks
    const [fault] = plain.findings()
    if (fault !== undefined) throw new ArchiveError('ERR_COMPRESSION', fault.message, { location: path })
  }
  return { chunks: checked(), [Symbol.asyncDispose]: () => closeStored(stored) }
}
