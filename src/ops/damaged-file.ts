import { encodeBase64 } from '../bytes/base64.js'
import type { DamagedFile } from '../model/report-store.js'
import type { SplitFault } from '../tar/split-assemble.js'

/** A damaged file as reports carry it. */
export function describeFault(fault: SplitFault): DamagedFile {
  const { rawName, problem, size, crc, actualSize, actualCrc } = fault
  return {
    ...describeName(rawName),
    problem,
    size,
    crc64: crc,
    ...(actualSize !== undefined && { actualSize }),
    ...(actualCrc !== undefined && { actualCrc64: actualCrc }),
  }
}

/** A name as reports carry it: its bytes beside it where it is not UTF-8. */
function describeName(rawName: Uint8Array): { path: string; pathBytes?: string } {
  try {
    return { path: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(rawName) }
  } catch {
    return {
      path: new TextDecoder('utf-8', { ignoreBOM: true }).decode(rawName),
      pathBytes: encodeBase64(rawName),
    }
  }
}
