import type { FindingCode } from '../findings.js'
import type { FindingLog } from '../model/finding-log.js'
import type { Layer } from '../model/image.js'
import { displayKey } from '../tar/path.js'

/** Takes what is odd about the entries of one layer. */
export interface LayerNotes {
  /** `key` is the cleaned path of the entry. */
  tell(code: FindingCode, key: string, message: string): void
  /** Adds how many were left out. */
  close(): void
}

// A hostile layer may hold millions of one kind.
const MOST_OF_A_KIND = 100

/** Notes that go into `log` as findings about `layer`: of each kind the first hundred, then a count of the others. */
export function layerNotes(log: FindingLog, layer: Pick<Layer, 'index' | 'path'>): LayerNotes {
  const told = new Map<FindingCode, number>()
  const place = { path: layer.path, layer: layer.index }
  return {
    tell(code, key, message) {
      const count = (told.get(code) ?? 0) + 1
      told.set(code, count)
      if (count <= MOST_OF_A_KIND) log.add(code, message, { ...place, entry: displayKey(key) })
    },
    close() {
      for (const [code, count] of told) {
        if (count > MOST_OF_A_KIND) log.add(code, `the same of ${count - MOST_OF_A_KIND} more entries`, place)
      }
      told.clear()
    },
  }
}
