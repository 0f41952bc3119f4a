const FIRST_WORDS = 1024
const BLOCK_WORDS = 64 * 1024

/** Some memory, as words and as bytes, and a place in it. Lent until the next is asked for. */
export interface BlockWords {
  words: Uint32Array
  bytes: Uint8Array
  /** In words. */
  at: number
}

/** Memory that grows by blocks of 256 KB, which leave nothing behind. Places count words. */
export interface GrowingBlocks {
  /** The place of so many words that are free yet. */
  roomFor(words: number): number
  /** Takes so many of them. */
  take(words: number): void
  of(place: number): BlockWords
}

interface Block {
  readonly words: Uint32Array
  readonly bytes: Uint8Array
}

/** Memory without a block. What takes more than one has gets one of its own. */
export function growingBlocks(): GrowingBlocks {
  const blocks: Block[] = []
  let used = 0
  const startBlock = (words: number): void => {
    used = 0
    blocks.push(blockOf(Math.max(blocks.length === 0 ? FIRST_WORDS : BLOCK_WORDS, words)))
  }
  // Most layers are small: the first block grows to the size of the others.
  const growBlock = (small: Block, words: number): void => {
    const block = blockOf(Math.max(Math.min(BLOCK_WORDS, small.words.length * 4), used + words))
    block.words.set(small.words)
    blocks[blocks.length - 1] = block
  }
  return {
    roomFor(words) {
      const last = blocks.at(-1)
      if (last === undefined || (used > 0 && used + words > BLOCK_WORDS)) startBlock(words)
      else if (used + words > last.words.length) growBlock(last, words)
      return (blocks.length - 1) * BLOCK_WORDS + used
    },
    take(words) {
      used += words
    },
    of(place) {
      const { words, bytes } = blocks[Math.floor(place / BLOCK_WORDS)] ?? NO_BLOCK
      return { words, bytes, at: place % BLOCK_WORDS }
    },
  }
}

const NO_BLOCK: Block = { words: new Uint32Array(0), bytes: new Uint8Array(0) }

function blockOf(length: number): Block {
  const words = new Uint32Array(length)
  return { words, bytes: new Uint8Array(words.buffer) }
}
