import { sniffCompression } from '../bytes/compression.js'
import { readAhead } from '../bytes/read-ahead.js'
import type { ByteSource } from '../bytes/source.js'
import { runContext, type RunContext } from '../context.js'
import { toArchiveError, type ArchiveError } from '../errors.js'
import type { FindingCode } from '../findings.js'
import type { FindingLog } from '../model/finding-log.js'
import type { Layer } from '../model/image.js'
import type { TarHandlers } from '../tar/decode.js'
import type { TarEnd } from '../tar/end.js'
import type { TarEntry } from '../tar/entry.js'
import { scanChunks, scanSource, tarEntries } from '../tar/scan.js'
import { scanHeaders, type HeaderHandlers } from '../tar/scan-headers.js'
import { sidecarEntries } from '../tar/split-assembly.js'
import { scanSplit } from '../tar/split-scan.js'

/**
 * The entries of a layer in the order of its tar. A blob that is stored plain is not read but hopped over, unless
 * contents are wanted. Errors: those of `layer.tar`, and ERR_TAR_HEADER, ERR_TRUNCATED, ERR_LIMIT where the tar breaks.
 */
export async function* entriesOf(layer: Layer, context: RunContext = runContext()): AsyncGenerator<TarEntry> {
  const plain = await plainBlob(layer, context)
  yield* tarEntries(plain ?? layer.tar(context), { ...context, location: plain?.location ?? layer.path })
}

/** Who hears of a layer's entries; whoever wants headers alone may hear of plain members apart, where the layer is stored plain. */
export type LayerHandlers = TarHandlers | HeaderHandlers

/**
 * Scans the tar of a layer as far as it goes. What stops it is a finding: the entries before it have been told, and the
 * result is false. Errors: what a handler throws, ERR_ABORTED, and whatever is no fault of the layer.
 */
export async function scanLayer(
  layer: Layer,
  handlers: LayerHandlers,
  log: FindingLog,
  context: RunContext,
): Promise<boolean> {
  const place = { path: layer.path, layer: layer.index }
  const guarded = guard(handlers)
  try {
    const { fault } = await scan(layer, guarded.handlers, context)
    if (fault === undefined) return true
    const code = fault.kind === 'limit' ? 'LIMIT_REACHED' : 'LAYER_TAR'
    const entry = fault.entry === undefined ? {} : { entry: fault.entry }
    log.add(code, fault.message, { ...place, ...entry, layerOffset: fault.offset })
    return false
  } catch (cause) {
    if (guarded.failed(cause)) throw cause
    const error = toArchiveError(cause, { location: layer.path })
    const code = codeOf(error)
    if (code === undefined) throw error
    log.addError(code, error, { ...place, ...(layer.offset !== undefined && { offset: layer.offset }) })
    return false
  }
}

/** Reads no more of a layer than the handlers want. */
async function scan(layer: Layer, handlers: LayerHandlers, context: RunContext): Promise<TarEnd> {
  if ('onPlain' in handlers) return scanForHeaders(layer, handlers, context)
  if (handlers.onContent !== undefined) return scanChunks(layer.tar(context), handlers, context)
  if (layer.assembly !== undefined) {
    return scanSplit(sidecarEntries(layer.assembly, context.limits), handlers, context)
  }
  const plain = await plainBlob(layer, context)
  return plain === undefined ? scanChunks(layer.tar(context), handlers, context) : scanSource(plain, handlers, context)
}

async function scanForHeaders(layer: Layer, handlers: HeaderHandlers, context: RunContext): Promise<TarEnd> {
  const { onEntry } = handlers
  const plain = layer.assembly === undefined ? await plainBlob(layer, context) : undefined
  return plain === undefined ? scan(layer, { onEntry }, context) : scanHeaders(plain, handlers, context)
}

/** Remembers what the handler for entries threw: that is no fault of the layer. */
function guard(handlers: LayerHandlers): { handlers: LayerHandlers; failed: (error: unknown) => boolean } {
  const thrown = new Set<unknown>()
  const guarded = <T>(hear: (told: T) => void) => {
    return (told: T) => {
      try {
        hear(told)
      } catch (error) {
        thrown.add(error)
        throw error
      }
    }
  }
  const onEntry = guarded((entry: TarEntry) => handlers.onEntry(entry))
  const own = 'onPlain' in handlers ? { onEntry, onPlain: guarded(handlers.onPlain) } : { ...handlers, onEntry }
  return { handlers: own, failed: (error) => thrown.has(error) }
}

function codeOf({ code }: ArchiveError): FindingCode | undefined {
  switch (code) {
    case 'ERR_NOT_FOUND':
      return 'LAYER_MISSING'
    case 'ERR_COMPRESSION':
    case 'ERR_TRUNCATED':
    case 'ERR_UNSUPPORTED':
      return 'LAYER_COMPRESSION'
    case 'ERR_JSON':
    case 'ERR_DOCUMENT':
      return 'STORE_SIDECAR'
    case 'ERR_LIMIT':
      return 'LIMIT_REACHED'
    default:
      return undefined
  }
}

/** The tar of a layer, each chunk valid until the next is asked for: what is stored plain is read ahead. Errors: those of `layer.tar`. */
export async function* lentTar(layer: Layer, context: RunContext): AsyncGenerator<Uint8Array> {
  const plain = await plainBlob(layer, context)
  yield* plain === undefined ? layer.tar(context) : readAhead(plain, context.signal)
}

/** The blob of a layer where it holds the tar as it is; undefined where the tar has to be made of it. */
export async function plainBlob({ state, blob }: Layer, { signal }: RunContext): Promise<ByteSource | undefined> {
  if (state !== 'stored' || blob === undefined) return undefined
  return (await sniffCompression(blob, signal)) === 'none' ? blob : undefined
}
