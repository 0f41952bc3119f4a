import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { WriteBytes } from './block-ring.js'

// Positions in the file must be multiples of it, as pages of memory and blocks of nearly all disks are.
const BLOCK = 4096

/** Writes straight to the disk. */
export interface DirectFile {
  readonly write: WriteBytes
  close(): Promise<void>
}

/**
 * Around the system's cache of pages (O_DIRECT of open(2)), for a file that is there. What is no whole block, and what
 * the file system refuses to take so, is written by `anyway`. Undefined where the file system, or the system, has no such
 * thing.
 */
export async function directFile(file: string, anyway: WriteBytes): Promise<DirectFile | undefined> {
  if (!('O_DIRECT' in constants)) return undefined
  const handle = await open(file, constants.O_WRONLY | constants.O_DIRECT).catch(() => undefined)
  if (handle === undefined) return undefined
  let refused = false
  /** How many bytes the disk took; they begin with a block. */
  const direct = async (bytes: Uint8Array, position: number): Promise<number> => {
    const whole = refused ? 0 : bytes.length - (bytes.length % BLOCK)
    const writing = whole === 0 ? undefined : handle.write(bytes, 0, whole, position)
    // What is wrong with the disk shows in the other way too, and is told there.
    const done = (await writing?.then(({ bytesWritten }) => bytesWritten).catch(() => 0)) ?? 0
    refused ||= done < whole
    return done
  }
  return {
    async write(bytes, position) {
      const head = Math.min((BLOCK - (position % BLOCK)) % BLOCK, bytes.length)
      if (head > 0) await anyway(bytes.subarray(0, head), position)
      const done = head + (await direct(bytes.subarray(head), position + head))
      if (done < bytes.length) await anyway(bytes.subarray(done), position + done)
    },
    close: () => handle.close(),
  }
}
