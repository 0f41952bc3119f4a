import { gzipSync } from 'node:zlib'
import { type Compression, type CompressionNotice, decompress } from '../../src/bytes/compression.js'
import { DEFAULT_LIMITS } from '../../src/context.js'
import { ArchiveError } from '../../src/errors.js'
import { chunksOf } from './chunks.js'

const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))

/** What `seq 1 60` prints, and is in all the samples. */
export const SEQ_60 = new TextEncoder().encode(Array.from({ length: 60 }, (_, index) => `${index + 1}\n`).join(''))

/** `seq 1 60 | bzip2 -9` (1.0.8) */
const BZIP2 = fromBase64(
  'QlpoOTFBWSZTWdTm+YsAACHIAAAQf+AgAGhQZNP9Ug0pm/VUn5U2r1yJ7Xl0bAdHAJCAQBu7vdu75mZmX/C5UODsqDpyVAt5KgFVAIABAfC7kinChIanN8xY',
)
/** `seq 1 60 | xz -6 --check=crc64` (5.4.1) */
const XZ = fromBase64(
  '/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4ACqAGhdABiCgo8iTvimVffwmaUlDZBFkVpRtJvKrNwFMuyFUp+xSG3v3OhLuWG64JxTf5jIqVQO/D0q0wbXZkQ9VmSmzT3Xxx9E9BjfAgs/4sbGe+Hnf3lEHHm3Qq5luBu1DoThmoIW3YlzxPrgAP2Og9HpkMQ5AAGEAasBAACQX7zgscRn+wIAAAAABFla',
)
/** `seq 1 60 | zstd -19 --check` (1.5.4) */
const ZSTD = fromBase64(
  'KLUv/QRojQIAskoTCbDrJEmIcFKYdQN9s8010zyzzDF35gzzySaXTPLIIodcmTLIF1tcMcUTSxxxY8YQX7denfp06dHb2aEfN16c+HDhwcvJgd92Tc9y3BkA8vJCfg==',
)

/** The same text by every compressor. */
export const SAMPLES: Readonly<Record<Exclude<Compression, 'none'>, Uint8Array>> = {
  gzip: new Uint8Array(gzipSync(SEQ_60)),
  zstd: ZSTD,
  xz: XZ,
  bzip2: BZIP2,
}

/** The compressions by name, for `describe.each`. */
export const KINDS = ['gzip', 'zstd', 'xz', 'bzip2'] as const

/** How a decoding ended: all bytes that came, the notices, and the error, which is an ArchiveError or rethrown. */
export interface Outcome {
  readonly bytes: Uint8Array
  readonly notices: readonly CompressionNotice[]
  readonly frames: readonly (readonly [compressed: number, uncompressed: number])[]
  readonly error: ArchiveError | undefined
}

/** Decodes to the end or to the first ArchiveError. */
export async function outcomeOf(
  kind: Compression,
  compressed: Uint8Array,
  { cuts = [], ratio = DEFAULT_LIMITS.ratio }: { readonly cuts?: readonly number[]; readonly ratio?: number } = {},
): Promise<Outcome> {
  const parts: Uint8Array[] = []
  const notices: CompressionNotice[] = []
  const frames: [number, number][] = []
  let error: ArchiveError | undefined
  try {
    const stream = decompress(kind, chunksOf(compressed, cuts), {
      limits: { ...DEFAULT_LIMITS, ratio },
      location: 'sample',
      onNotice: (notice) => notices.push(notice),
      onFrame: (from, to) => frames.push([from, to]),
    })
    for await (const chunk of stream) parts.push(chunk.slice())
  } catch (thrown) {
    if (!(thrown instanceof ArchiveError)) throw thrown
    error = thrown
  }
  return { bytes: new Uint8Array(Buffer.concat(parts)), notices, frames, error }
}
