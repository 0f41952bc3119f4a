import type { DiffID } from '../bytes/digest.js'
import type { Limits } from '../context.js'
import { toArchiveError, type ArchiveError } from '../errors.js'
import type { FindingCode } from '../findings.js'
import type { Measurement, Notice } from '../tar/measurement.js'
import { displayPath } from '../tar/path.js'
import type { SplitFault } from '../tar/split-assemble.js'
import { assembledTar, checkAssembly, type SplitAssembly } from '../tar/split-assembly.js'
import { measureBlob } from './measure.js'

/** A layer to put together and measure; plain data, for a worker. */
export interface AssemblyJob {
  readonly assembly: SplitAssembly
  readonly limits: Limits
  /** What the layer should have. Where it has, no file needs to be held against its checksum. */
  readonly diffID: DiffID | undefined
}

/**
 * Puts a layer together and measures it. Where it does not come out as it should, every file that is to blame is a notice,
 * all in one run. Errors: ERR_IO, ERR_ABORTED.
 */
export async function measureAssembly(
  { assembly, limits, diffID }: AssemblyJob,
  onBytes: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<Measurement> {
  const faults: SplitFault[] = []
  const onFault = (fault: SplitFault) => void faults.push(fault)
  const broken: ArchiveError[] = []
  const tar = assembledTar(assembly, { limits, signal, onFault, checkContents: diffID === undefined })
  const chunks = untilBroken(tar, onBytes, broken)
  const measured = await measureBlob(chunks, { limits, location: assembly.location, layer: 'yes' })
  const [error] = broken
  if (error !== undefined) {
    const { diffID: _, ...partial } = measured
    return { ...partial, notices: [{ code: 'STORE_SIDECAR', message: error.message }] }
  }
  const isWhole = faults.length === 0 && (diffID === undefined || measured.diffID === diffID)
  if (isWhole) return measured
  if (diffID !== undefined) {
    faults.length = 0
    await checkAssembly(assembly, { limits, signal, onFault })
  }
  return { ...measured, notices: [...measured.notices, ...faults.map(noticeOf)] }
}

async function* untilBroken(
  chunks: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
  broken: ArchiveError[],
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of chunks) {
      onBytes(chunk.length)
      yield chunk
    }
  } catch (thrown) {
    const error = toArchiveError(thrown)
    if (error.code === 'ERR_ABORTED' || error.code === 'ERR_IO') throw thrown
    broken.push(error)
  }
}

const CODES: Record<SplitFault['problem'], FindingCode> = {
  missing: 'STORE_FILE_MISSING',
  'not-a-file': 'STORE_FILE_MISSING',
  unsafe: 'STORE_FILE_MISSING',
  unreadable: 'STORE_FILE_UNREADABLE',
  size: 'STORE_FILE_RESIZED',
  content: 'STORE_FILE_CHANGED',
}

/** A damaged file as a notice: its name as the layer has it, and sizes and checksums in words. */
export function noticeOf(fault: SplitFault): Notice {
  return { code: CODES[fault.problem], message: faultInWords(fault), entry: displayPath(fault.rawName), fault }
}

/** What is wrong with a file, and what it should be. */
function faultInWords({ problem, size, crc, actualSize, actualCrc }: SplitFault): string {
  switch (problem) {
    case 'missing':
      return `the file of ${size} bytes is gone, crc64 ${crc}`
    case 'not-a-file':
      return `something that is no file lies in the place of ${size} bytes, crc64 ${crc}`
    case 'unsafe':
      return `the name leads out of the layer; ${size} bytes, crc64 ${crc}`
    case 'unreadable':
      return `the file of ${size} bytes cannot be read`
    case 'size':
      return `the file has ${actualSize ?? 0} bytes, ${size} are recorded with crc64 ${crc}`
    case 'content':
      return `the file has crc64 ${actualCrc ?? ''}, ${crc} is recorded`
  }
}
