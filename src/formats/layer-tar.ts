import { pipeAt } from '../bytes/pipe.js'
import { fileSource, chunksOf } from '../bytes/source.js'
import type { RunContext } from '../context.js'
import { ArchiveError } from '../errors.js'
import { watchCompression } from './outer-compression.js'

/** A tar to be read once, whatever it is compressed with. */
export interface LayerTar extends AsyncDisposable {
  /** Errors: ERR_COMPRESSION at the end of a damaged stream, ERR_IO. */
  readonly chunks: AsyncIterable<Uint8Array>
}

/** Opens a bare layer tar; `-` is `stdin`. Errors: ERR_NOT_FOUND, ERR_IO. */
export async function openLayerTar(
  path: string,
  context: RunContext,
  stdin: AsyncIterable<Uint8Array>,
): Promise<LayerTar> {
  const stream = path === '-' ? stdin : await pipeAt(path, context.signal)
  const source = stream === undefined ? await fileSource(path) : undefined
  const stored = source === undefined ? (stream ?? stdin) : chunksOf(source, context.signal)
  const plain = await watchCompression(stored, path, context)
  async function* checked(): AsyncGenerator<Uint8Array> {
    yield* plain.chunks
    const [fault] = plain.findings()
    if (fault !== undefined) throw new ArchiveError('ERR_COMPRESSION', fault.message, { location: path })
  }
  return {
    chunks: checked(),
    [Symbol.asyncDispose]: async () => source?.[Symbol.asyncDispose](),
  }
}
