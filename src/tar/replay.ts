import type { Limits } from '../context.js'
import { decodeTar, type TarHandlers } from './decode.js'
import type { TarEnd } from './end.js'
import type { Decoding } from './request.js'

/** A decoder that is told of a tar's headers alone, as `recorded` kept them: it finds the same entries. */
export interface HeaderReplay {
  /** The next header bytes, cut between two entries. Handlers are called meanwhile, those for contents never. */
  push(headers: Uint8Array): void
}

/**
 * Lets a decoder run as it is, and hands on the header bytes it was given: all that another thread needs to find the
 * same entries, a twentieth of the tar or less. The bytes are views, valid until `onHeader` returns.
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

/** Decodes recorded headers; contents are taken to be there as long as their headers say. */
export function headerReplay(handlers: Pick<TarHandlers, 'onEntry'>, limits: Limits): HeaderReplay {
  const decoder = decodeTar({ onEntry: (entry) => handlers.onEntry(entry) }, limits)
  let step = decoder.next()
  return {
    push(headers) {
      for (let at = 0; step.done !== true;) {
        const request = step.value
        if (request.want === 'skip') {
          if (request.part === 'rest') return
          step = decoder.next(request.length)
          continue
        }
        if (request.part === 'rest' || at + request.length > headers.length) return
        const bytes = headers.subarray(at, at + request.length)
        at += request.length
        step = decoder.next(bytes)
      }
    },
  }
}
