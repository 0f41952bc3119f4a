import { latin1 } from '../../src/tar/path.js'
import type { OnName } from '../../src/tree/lint.js'

/** Keeps the names that it hears of, one latin1 character a byte. */
export function keepIn(names: string[]): OnName {
  return (bytes, start, end) => void names.push(latin1(bytes.subarray(start, end)))
}
