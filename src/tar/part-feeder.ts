import { concat } from '../bytes/concat.js'
import type { decodeTar, TarRequest } from './decode.js'
import type { TarEnd } from './end.js'

/** Bytes of a tar by what they are; the padding of a PAX header or long name is told as that of a content is. */
export type TarPart = TarRequest['part']

/** A decoder that is fed, and of which every byte is heard. */
export interface PartFeeder {
  push(chunk: Uint8Array): void
  /** No more bytes: how the tar ended. To be called once. */
  end(): TarEnd
}

const EMPTY = new Uint8Array(0)

/**
 * Drives a decoder, and hands on every byte that goes in, with the part of the tar that it belongs to: before the decoder
 * knows it, so that the headers of an entry are heard before the entry.
 */
export function partFeeder(
  decoder: ReturnType<typeof decodeTar>,
  onBytes: (bytes: Uint8Array, part: TarPart) => void,
): PartFeeder {
  let step = decoder.next()
  let held: Uint8Array = EMPTY
  let count = 0
  const answer = (value: Uint8Array | number) => {
    held = EMPTY
    count = 0
    step = decoder.next(value)
  }
  const take = (request: TarRequest, part: Uint8Array) => {
    const content = request.part === 'content' ? Math.max(0, request.entry.content.length - count) : 0
    if (content > 0) onBytes(part.subarray(0, content), 'content')
    if (part.length > content) onBytes(part.subarray(content), request.part === 'content' ? 'padding' : request.part)
  }
  return {
    push(chunk) {
      for (let at = 0; at < chunk.length && step.done !== true;) {
        const request = step.value
        const part = chunk.subarray(at, at + request.length - count)
        at += part.length
        take(request, part)
        if (request.want === 'bytes') held = count === 0 && part.length === request.length ? part : concat([held, part])
        count += part.length
        if (count === request.length) answer(request.want === 'bytes' ? held : count)
      }
    },
    end() {
      while (step.done !== true) answer(step.value.want === 'bytes' ? held : count)
      return step.value
    },
  }
}
