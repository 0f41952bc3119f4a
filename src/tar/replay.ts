import type { TarEnd } from './end.js'
import type { Decoding } from './request.js'

/**
 * Lets a decoder run as it is, and hands on the header bytes it was given, each block and each content of a PAX header or
 * long name on its own. The bytes are views, valid until `onHeader` returns.
 */
export function* recorded(decoder: Decoding<TarEnd>, onHeader: (bytes: Uint8Array) => void): Decoding<TarEnd> {
  let step = decoder.next()
  while (step.done !== true) {
    const request = step.value
    const answer = yield request
    // What is cut short ends the tar, and tells of no entry.
    if (typeof answer !== 'number' && request.part === 'header' && answer.length === request.length) onHeader(answer)
    step = decoder.next(answer)
  }
  return step.value
}
