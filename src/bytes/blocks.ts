import { setImmediate } from 'node:timers/promises'
import { refuseAborted } from '../errors.js'
import type { ByteSource } from './source.js'

/** Bytes in order, which come into the memory of whoever takes them: nobody has to copy them. */
export interface Blocks {
  /** How many bytes, where that is known. */
  readonly size?: number
  /** Fills the block from its start on, wholly unless the bytes end there. Others may be filled before it is ready. */
  readonly fill: (block: Uint8Array) => Filled
  /** Sees what was filled, in order; it stays as it is until the promise resolves, also while more is filled. */
  readonly look?: (part: Uint8Array) => Promise<void>
}

/** So many bytes are in a block, or will be. */
export interface Filled {
  readonly length: number
  /** Where it takes a while; when it is settled, nobody puts anything there any more. */
  readonly ready?: Promise<unknown>
}

/** The bytes of a source. Errors: ERR_TRUNCATED when it became shorter, ERR_IO, ERR_ABORTED. */
export function blocksOf(source: ByteSource, signal?: AbortSignal): Blocks {
  let offset = 0
  return {
    size: source.size,
    fill(block) {
      refuseAborted(signal)
      const span = { offset, length: Math.min(block.length, source.size - offset) }
      const part = block.subarray(0, span.length)
      offset += span.length
      if (source.readInto === undefined) return { length: span.length, ready: source.read(span, signal, part) }
      // Other threads write and hash what was filled before: this one has nothing else to do.
      source.readInto(part, span.offset)
      return { length: span.length }
    },
  }
}

/**
 * Bytes that the system's cache is given at once: for more it takes larger pages, which a virtual machine may have to ask its
 * host for, and that takes long.
 */
export const LARGEST_WRITE = 512 * 1024

/** The same bytes in chunks, each valid until the next is asked for, which is filled meanwhile; nobody looks at them. */
export async function* chunked({ fill, size = LARGEST_WRITE }: Blocks): AsyncGenerator<Uint8Array, void> {
  const most = Math.max(1, Math.min(size, LARGEST_WRITE))
  const buffers = [new Uint8Array(most), new Uint8Array(most)] as const
  const filled = async (buffer: Uint8Array): Promise<Uint8Array> => {
    const { length, ready } = fill(buffer)
    await ready
    return buffer.subarray(0, length)
  }
  let next: Promise<Uint8Array> | undefined
  try {
    next = filled(buffers[0])
    for (let turn = 1; ; turn++) {
      const chunk: Uint8Array = await next
      if (chunk.length === 0) return
      const buffer = turn % 2 === 0 ? buffers[0] : buffers[1]
      // Filling is work for this thread: the consumer gets the chunk first, and may be writing it meanwhile.
      next = setImmediate().then(() => (chunk.length < most ? buffer.subarray(0, 0) : filled(buffer)))
      next.catch(() => undefined) // awaited in its turn, or nobody's where the consumer leaves
      yield chunk
    }
  } finally {
    await next?.catch(() => undefined)
  }
}

/** `chunked`, where somebody looks at each while it is used. */
export async function* watched(blocks: Blocks): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of chunked(blocks)) {
    const looking = blocks.look?.(chunk)
    looking?.catch(() => undefined) // awaited below, or lost with a worse error
    yield chunk
    await looking
  }
}

/** Takes blocks where bytes can only be given away. */
export async function writeChunked(blocks: Blocks, write: (chunk: Uint8Array) => Promise<void>): Promise<void> {
  for await (const chunk of watched(blocks)) await write(chunk)
}
