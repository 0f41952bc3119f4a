import type { ByteSource } from '../../bytes/source.js'
import type { RunContext } from '../../context.js'
import { mostValues } from '../../model/json.js'
import { readConfig, type ReadConfig } from './docker-config.js'
import { Stop, type DocumentReader } from './prediction.js'

// Bytes of documents that are kept for whoever asks next; what goes beyond is read again.
const MOST_KEPT = 16 * 1024 * 1024

/** A reader for one archive. */
export function documentReader({ limits, signal }: RunContext): DocumentReader {
  const known = new Map<ByteSource, Uint8Array>()
  const none = () => new WeakMap<Uint8Array, ReadConfig>()
  const configs = { docker: none(), oci: none(), crane: none(), platform: none() }
  let kept = 0
  return {
    async read(source) {
      const found = known.get(source)
      if (found !== undefined) return found
      const { size } = source
      if (size > limits.json) throw new Stop(`a document of ${size} bytes is over imgtar's limit of ${limits.json}`)
      const bytes = await source.read({ offset: 0, length: size }, signal)
      refuseManyValues(bytes, limits)
      if (kept + size <= MOST_KEPT) {
        kept += size
        known.set(source, bytes)
      }
      return bytes
    },
    config(bytes, as) {
      const config = configs[as].get(bytes) ?? readConfig(bytes, as)
      configs[as].set(bytes, config)
      return config
    },
  }
}

/** Nobody can tell what an engine says of a document that is too much for imgtar: throws Stop. */
export function refuseManyValues(bytes: Uint8Array, limits: RunContext['limits']): void {
  const most = mostValues(bytes, limits)
  if (most !== undefined) throw new Stop(`a document of more than ${most} values is over imgtar's limit`)
}
