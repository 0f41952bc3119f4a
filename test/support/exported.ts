import { DEFAULT_LIMITS } from '../../src/context.js'
import type { TarEntry } from '../../src/tar/entry.js'
import { tarPusher } from '../../src/tar/scan.js'
import { sha256 } from './chunks.js'

// What the daemon puts into each container, and the folders whose times change by it.
const OF_THE_DAEMON =
  /^(\.dockerenv|dev|dev\/console|dev\/pts|dev\/shm|etc|etc\/hostname|etc\/hosts|etc\/mtab|etc\/resolv\.conf|proc|sys)\/?$/

/** An entry of an export: all its header blocks, one latin1 character a byte, and the sha256 of its content. */
export interface ExportedEntry {
  readonly path: string
  readonly header: string
  readonly content: string
}

/** Every entry of an export that is the image's own, in its order. */
export function exportedEntries(tar: Uint8Array): ExportedEntry[] {
  const entries: TarEntry[] = []
  const pusher = tarPusher({ onEntry: (entry) => void entries.push(entry) }, DEFAULT_LIMITS)
  pusher.push(tar)
  const { fault } = pusher.end()
  if (fault !== undefined) throw new Error(fault.message)
  const bytes = ({ offset, length }: TarEntry['header']) => tar.subarray(offset, offset + length)
  return entries.flatMap(({ path, header, content }) => {
    if (OF_THE_DAEMON.test(path)) return []
    return [{ path, header: Buffer.from(bytes(header)).toString('latin1'), content: sha256(bytes(content)) }]
  })
}

/** The entries without the type bits that docker wrote before 24 and the names of owners that it wrote before 23. */
export function withoutTypeBits(entries: readonly ExportedEntry[]): ExportedEntry[] {
  return entries.map(({ path, header, content }) => {
    const block = header.slice(-512)
    const mode = (Number.parseInt(block.slice(100, 107), 8) & 0o7777).toString(8).padStart(7, '0')
    const names = '\0'.repeat(64)
    const kept = [block.slice(0, 100), mode, block.slice(107, 148), block.slice(156, 265), names, block.slice(329)]
    return { path, header: header.slice(0, -512) + kept.join(''), content }
  })
}
