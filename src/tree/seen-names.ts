import type { TarEntryType } from '../tar/entry.js'
import { latin1 } from '../tar/path.js'
import { nameTable, type Names } from './name-table.js'

// V8 has compiled maps and strings before a run begins, and the table only after some thousands of names.
const FEW = 64 * 1024

/** The names of one layer that were seen so far, none yet: the first of them in a Map, a million more in a table of bytes. */
export function seenNames(few = FEW): Names {
  const first = new Map<string, TarEntryType>()
  const more = nameTable()
  const textOf = (bytes: Uint8Array, start: number, end: number): string => latin1(bytes.subarray(start, end))
  return {
    typeOf(bytes, start, end) {
      const type = first.get(textOf(bytes, start, end))
      return type === undefined && first.size >= few ? more.typeOf(bytes, start, end) : type
    },
    add(bytes, start, end, type) {
      const text = textOf(bytes, start, end)
      if (first.has(text)) return false
      if (first.size >= few) return more.add(bytes, start, end, type)
      first.set(text, type)
      return true
    },
    put(bytes, start, end, type) {
      const text = textOf(bytes, start, end)
      if (first.size < few || first.has(text)) first.set(text, type)
      else more.put(bytes, start, end, type)
    },
  }
}
