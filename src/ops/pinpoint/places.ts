import type { Span } from '../../bytes/source.js'
import type { TarEntry } from '../../tar/entry.js'
import { paddingOf } from '../../tar/write.js'
import type { Clue } from './clue.js'

/** Ranges of a tar that are damaged, to be told entry by entry. */
export interface RangeTeller {
  /** The next entry of the undamaged tar. */
  entry(entry: TarEntry): void
  /** No more entries: the clues, in the order of the tar. */
  end(): readonly Clue[]
}

// Of one entry; the first ones tell where to look.
const MOST_TOLD = 4

/**
 * Tells which entries the damaged ranges lie in. `witness` is where the undamaged tar comes from, for messages.
 */
export function rangeTeller(ranges: readonly Span[], witness: string): RangeTeller {
  const clues: Clue[] = []
  let [first, end] = [0, 0]
  const within = (from: number, to: number): readonly Span[] => {
    while (first < ranges.length && endOf(ranges[first]) <= from) first += 1
    const found: Span[] = []
    for (let at = first; at < ranges.length; at++) {
      const range = ranges[at]
      if (range === undefined || range.offset >= to) break
      const offset = Math.max(range.offset, from)
      found.push({ offset, length: Math.min(endOf(range), to) - offset })
    }
    return found
  }
  return {
    entry(entry) {
      const { header, content, path } = entry
      const contentEnd = content.offset + content.length
      end = contentEnd + paddingOf(content.length)
      const inHeader = within(header.offset, content.offset)
      if (inHeader.length > 0) clues.push(clueOf('DAMAGED_RANGE', `the header of ${path}`, path, inHeader, witness))
      const inContent = within(content.offset, contentEnd)
      if (inContent.length > 0) clues.push(clueOf('DAMAGED_FILE', path, path, inContent, witness))
      const behind = within(contentEnd, end)
      if (behind.length > 0) clues.push(clueOf('DAMAGED_RANGE', `what follows ${path}`, path, behind, witness))
    },
    end() {
      const rest = within(end, Number.MAX_SAFE_INTEGER)
      if (rest.length > 0) clues.push(clueOf('DAMAGED_RANGE', 'the end of the tar', undefined, rest, witness))
      return clues
    },
  }
}

function endOf(range: Span | undefined): number {
  return range === undefined ? 0 : range.offset + range.length
}

function clueOf(
  code: 'DAMAGED_FILE' | 'DAMAGED_RANGE',
  what: string,
  entry: string | undefined,
  ranges: readonly Span[],
  witness: string,
): Clue {
  const more = ranges.length > MOST_TOLD ? ` and ${ranges.length - MOST_TOLD} more stretches` : ''
  return {
    code,
    message: `${what} is not what ${witness} has: ${bytesInWords(ranges.slice(0, MOST_TOLD))}${more} of the layer`,
    ...(entry !== undefined && { entry }),
    layerOffset: ranges[0]?.offset ?? 0,
  }
}

/** `byte 7`, `bytes 7 to 9`: the last one included. */
export function bytesInWords(ranges: readonly Span[]): string {
  const texts = ranges.map(({ offset, length }) => (length === 1 ? `${offset}` : `${offset} to ${offset + length - 1}`))
  const isOne = ranges.length === 1 && ranges[0]?.length === 1
  return `${isOne ? 'byte' : 'bytes'} ${texts.join(', ')}`
}
