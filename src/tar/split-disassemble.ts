import type { Limits } from '../context.js'
import { ArchiveError } from '../errors.js'
import { decodeTar } from './decode.js'
import { tarFaultError, type TarEnd } from './end.js'
import type { TarEntry } from './entry.js'
import { partFeeder } from './part-feeder.js'
import { cleanPath, latin1 } from './path.js'
import { crc64, type Crc64 } from './split-crc64.js'
import type { SplitEntry } from './split-line.js'

/** What comes out of a tar taken apart, in the order of the tar. */
export interface SplitHandlers {
  /** The next line of the sidecar. */
  onSplit(entry: SplitEntry): void
  /** Before the first byte of a file's content; what has none (links, empty files) is told all the same. */
  onFile?(entry: TarEntry): void
  /** A piece of the content of the file that was told last; valid until the call returns. */
  onContent?(chunk: Uint8Array): void
}

/** Takes a tar apart that is pushed in; see `disassembler`. */
export interface Disassembler {
  push(chunk: Uint8Array): void
  /** No more bytes. Errors: ERR_TAR_HEADER and the like where the bytes are no whole tar. */
  end(): TarEnd
}

// tar-split writes no longer segments either (tar/asm, disassemble.go).
const MOST_SEGMENT = 1024 * 1024

/**
 * Takes a tar apart as docker does when it registers a layer: all that is no content of a file becomes segments, every
 * header an entry. Sparse files stay in the segments whole, since their map is lost otherwise, and links that claim a
 * size get none: docker cannot give either back. Throws ERR_DOCUMENT for a path that stands there twice.
 */
export function disassembler(handlers: SplitHandlers, limits: Limits, location: string): Disassembler {
  const segment = segmentWriter(handlers)
  const names = new Set<string>()
  let current: { readonly entry: TarEntry; readonly crc: Crc64 } | undefined
  const close = () => {
    if (current === undefined) return
    const { entry, crc } = current
    const size = keepsContent(entry) ? 0 : entry.content.length
    handlers.onSplit({ kind: 'file', name: latin1(entry.rawPath), size, crc: size === 0 ? undefined : crc.hex() })
    current = undefined
  }
  const onEntry = (entry: TarEntry) => {
    refuseTwice(names, entry, location)
    segment.flush()
    handlers.onFile?.(entry)
    current = { entry, crc: crc64() }
    if (entry.content.length === 0 || keepsContent(entry)) close()
  }
  const onContentEnd = () => close()
  let behindEnd = false
  const feed = partFeeder(decodeTar({ onEntry, onContentEnd }, limits), (bytes, part) => {
    if (part === 'content' && current !== undefined) {
      current.crc.update(bytes)
      handlers.onContent?.(bytes)
      return
    }
    // What follows the end marker has segments of its own, as tar-split's reader stops there.
    if (part === 'rest' && !behindEnd) segment.flush()
    behindEnd = part === 'rest'
    segment.write(bytes)
  })
  return {
    push: (chunk) => feed.push(chunk),
    end() {
      const end = feed.end()
      if (end.fault !== undefined) throw tarFaultError(end.fault, location)
      segment.flush()
      return end
    },
  }
}

function keepsContent(entry: TarEntry): boolean {
  return entry.sparse !== undefined
}

function refuseTwice(names: Set<string>, entry: TarEntry, location: string): void {
  const { key } = cleanPath(entry.rawPath)
  if (names.has(key)) {
    const offset = entry.header.offset
    throw new ArchiveError('ERR_DOCUMENT', `a path stands in the tar twice: ${entry.path}`, { location, offset })
  }
  names.add(key)
}

interface SegmentWriter {
  write(bytes: Uint8Array): void
  flush(): void
}

function segmentWriter(handlers: SplitHandlers): SegmentWriter {
  let buffer = new Uint8Array(64 * 1024)
  let used = 0
  const flush = () => {
    if (used > 0) handlers.onSplit({ kind: 'segment', bytes: buffer.subarray(0, used) })
    used = 0
  }
  return {
    flush,
    write(bytes) {
      for (let at = 0; at < bytes.length;) {
        const part = bytes.subarray(at, at + MOST_SEGMENT - used)
        if (used + part.length > buffer.length) {
          const larger = new Uint8Array(Math.min(MOST_SEGMENT, Math.max(buffer.length * 4, used + part.length)))
          larger.set(buffer.subarray(0, used))
          buffer = larger
        }
        buffer.set(part, used)
        used += part.length
        at += part.length
        if (used === MOST_SEGMENT) flush()
      }
    },
  }
}
