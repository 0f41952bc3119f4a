import { sniffCompression, type Compression } from '../bytes/compression.js'
import type { OpenSource } from '../bytes/source.js'
import { spool } from '../bytes/spool.js'
import type { RunContext } from '../context.js'
import type { Finding } from '../findings.js'
import { watchCompression } from './outer-compression.js'
import { chunksOfStored, closeStored, openStored, type GivenBytes, type Stored } from './stored.js'

/** An archive without the compression around it, to be read anywhere. */
export interface PlainTar {
  /** A temporary file, which goes when it is closed, where the archive is compressed or came down a pipe. */
  readonly source: OpenSource
  /** What was taken off. */
  readonly compression: Compression
  /** What was odd about that; where the compressed stream breaks, the bytes end there. */
  readonly findings: readonly Finding[]
}

/** Opens the tar in a file or a pipe; `-` is what is given. Errors: ERR_NOT_FOUND, ERR_IO, ERR_USAGE. */
export async function openPlainTar(path: string, context: RunContext, given: GivenBytes = {}): Promise<PlainTar> {
  return plainTarIn(await openStored(path, context, given), path, context)
}

/** The tar in what is stored, one level of compression taken off; what stood open is closed with it, or before. */
export async function plainTarIn(stored: Stored, path: string, context: RunContext): Promise<PlainTar> {
  try {
    if (stored.kind === 'source' && (await sniffCompression(stored.source, context.signal)) === 'none') {
      return { source: stored.source, compression: 'none', findings: [] }
    }
    const outer = await watchCompression(chunksOfStored(stored, context), path, context)
    const source = await spool(outer.chunks, path, context.signal)
    if (stored.kind === 'source') await closeStored(stored)
    return { source, compression: outer.compression, findings: outer.findings() }
  } catch (error) {
    await closeStored(stored)
    throw error
  }
}
