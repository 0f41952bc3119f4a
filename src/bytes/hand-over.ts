/** Chunks that go to a second reader on their way. */
export interface HandOver {
  /** The second reader's side: to be read to its end. */
  readonly chunks: AsyncIterable<Uint8Array>
  /** Gives a chunk; resolves when the second reader is done with it and asks for more, or has left. */
  readonly push: (chunk: Uint8Array) => Promise<void>
  /** There are no more, or the second reader is gone. */
  readonly end: () => void
}

/** Lets a reader of chunks hand each one to another reader before it goes on, so that two read one pass. */
export function handOver(): HandOver {
  let ask: (() => void) | undefined
  let give: ((result: IteratorResult<Uint8Array, undefined>) => void) | undefined
  let done = false
  const close = (): Promise<IteratorResult<Uint8Array, undefined>> => {
    done = true
    ask?.()
    return Promise.resolve({ done: true, value: undefined })
  }
  const next = (): Promise<IteratorResult<Uint8Array, undefined>> => {
    if (done) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve) => {
      give = resolve
      ask?.()
    })
  }
  return {
    chunks: { [Symbol.asyncIterator]: () => ({ next, return: close }) },
    async push(chunk) {
      if (!done && give === undefined) await new Promise<void>((resolve) => (ask = resolve))
      const taken = give
      give = undefined
      taken?.({ done: false, value: chunk })
      // The reader has done with the chunk when it asks for the next one.
      if (!done && taken !== undefined) await new Promise<void>((resolve) => (ask = resolve))
      ask = undefined
    },
    end() {
      done = true
      ask?.()
      give?.({ done: true, value: undefined })
    },
  }
}
