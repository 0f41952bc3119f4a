/** Memory that chunks are read into, again and again. */
export interface ChunkMemory {
  /** For the next chunk, which fills all of it unless it is the last; what was given before is in use until two later. */
  next(): Promise<Uint8Array>
}

/** Two buffers of one size in turns: one is with the consumer while the other is filled. */
export function twoBuffers(size: number): ChunkMemory {
  const buffers = [new Uint8Array(size), new Uint8Array(size)] as const
  let turn = 0
  return { next: () => Promise.resolve(buffers[turn++ % 2 === 0 ? 0 : 1]) }
}
