import { createHash, type Hash } from 'node:crypto'
import type { RunContext } from '../../context.js'
import { ArchiveError, refuseAborted } from '../../errors.js'
import type { Layer } from '../../model/image.js'
import type { TarEntry } from '../../tar/entry.js'
import { cleanPath } from '../../tar/path.js'
import { tarPusher } from '../../tar/scan.js'
import { paddingOf } from '../../tar/write.js'
import type { SumAlgorithm } from './sum.js'

/** A file of a layer with what was computed of its content. */
export interface SummedFile {
  /** As trees have it. */
  readonly key: string
  readonly path: string
  readonly offset: number
  readonly size: number
  readonly sums: ReadonlyMap<SumAlgorithm, Uint8Array>
}

/** Bytes that are there to fill a block up and should be zeros. */
export interface OddPadding {
  /** Of the first byte that is none, in the uncompressed layer. */
  readonly offset: number
  readonly path: string
}

/** What to look at in the pass. */
export interface PassOptions {
  /** Algorithms by where a content begins; for contents that are not in it, `others`. */
  readonly wanted: ReadonlyMap<number, ReadonlySet<SumAlgorithm>>
  readonly others: ReadonlySet<SumAlgorithm>
  readonly onFile: (file: SummedFile) => void
  readonly onPadding: (padding: OddPadding) => void
}

/** Reads the tar of a layer as far as it goes, and hashes what is wanted. Errors: ERR_IO, ERR_ABORTED. */
export async function passOver(layer: Layer, options: PassOptions, context: RunContext): Promise<void> {
  const padding = paddingWatch(options.onPadding)
  let hashes = new Map<SumAlgorithm, Hash>()
  const pusher = tarPusher(
    {
      onEntry(entry) {
        hashes = new Map()
        padding.expect(entry)
        if (entry.type !== 'file' || entry.sparse !== undefined || entry.size === 0) return
        for (const algorithm of options.wanted.get(entry.content.offset) ?? options.others) {
          hashes.set(algorithm, createHash(algorithm))
        }
      },
      onContent(_entry, chunk) {
        for (const hash of hashes.values()) hash.update(chunk)
      },
      onContentEnd(entry) {
        if (hashes.size === 0) return
        const sums = new Map([...hashes].map(([algorithm, hash]) => [algorithm, new Uint8Array(hash.digest())]))
        const { offset, length: size } = entry.content
        options.onFile({ key: cleanPath(entry.rawPath).key, path: entry.path, offset, size, sums })
      },
    },
    context.limits,
  )
  try {
    for await (const chunk of layer.tar(context)) {
      refuseAborted(context.signal)
      pusher.push(chunk)
      padding.pass(chunk)
    }
  } catch (error) {
    // Whatever is behind the damage cannot be looked at; that it is damaged is told already.
    if (!(error instanceof ArchiveError) || error.code === 'ERR_IO' || error.code === 'ERR_ABORTED') throw error
  }
  pusher.end()
}

/** Looks at the bytes between a content and the next header: every tar writer of images leaves zeros there. */
function paddingWatch(onPadding: PassOptions['onPadding']): {
  expect(entry: TarEntry): void
  pass(chunk: Uint8Array): void
} {
  let expected: { from: number; to: number; path: string }[] = []
  let position = 0
  return {
    expect({ content, path }) {
      const from = content.offset + content.length
      if (paddingOf(content.length) > 0) expected.push({ from, to: from + paddingOf(content.length), path })
    },
    pass(chunk) {
      const end = position + chunk.length
      for (const { from, to, path } of expected) {
        const start = Math.max(from, position)
        const odd = chunk.subarray(start - position, Math.max(start, Math.min(to, end)) - position)
        const at = odd.findIndex((byte) => byte !== 0)
        if (at >= 0) onPadding({ offset: start + at, path })
      }
      expected = expected.filter(({ to }) => to > end)
      position = end
    },
  }
}
