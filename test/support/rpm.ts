import { concatenated } from './chunks.js'

const STRING = 6
const STRING_ARRAY = 8
const INT32 = 4

/** A package as a header blob of rpm tells it. */
export interface RpmPackage {
  readonly name: string
  readonly version: string
  readonly release: string
  readonly epoch?: number
  readonly files: readonly string[]
  /** Checksums of the files in hex, by the number of the algorithm (PGPHASHALGO_*; none before rpm had the tag). */
  readonly digests?: { readonly algorithm?: number; readonly sums: readonly string[] }
  /** RPMFILE_* of each file. */
  readonly flags?: readonly number[]
  /** RPMVERIFY_* of each file. */
  readonly verifyFlags?: readonly number[]
}

type Tag = readonly [tag: number, type: number, values: readonly (string | number)[]]

function present(tag: number, type: number, values: Tag[2] | undefined): readonly Tag[] {
  return values === undefined ? [] : [[tag, type, values]]
}

/** The header blob that rpm's databases hold, without magic: counts, index, data, all big-endian (rpm, header.c). */
export function rpmHeader({ name, version, release, epoch, files, ...more }: RpmPackage): Uint8Array {
  const directories = [...new Set(files.map(directoryOf))]
  const tags: Tag[] = [
    [1000, STRING, [name]],
    [1001, STRING, [version]],
    [1002, STRING, [release]],
    ...present(1003, INT32, epoch === undefined ? undefined : [epoch]),
    [1022, STRING, ['x86_64']],
    ...present(1035, STRING_ARRAY, more.digests?.sums),
    ...present(1037, INT32, more.flags),
    ...present(1045, INT32, more.verifyFlags),
    [1116, INT32, files.map((file) => directories.indexOf(directoryOf(file)))],
    [1117, STRING_ARRAY, files.map((file) => file.slice(directoryOf(file).length))],
    [1118, STRING_ARRAY, directories],
    ...present(5011, INT32, more.digests?.algorithm === undefined ? undefined : [more.digests.algorithm]),
  ]
  const index: Uint8Array[] = []
  const data: Uint8Array[] = []
  let offset = 0
  for (const [tag, type, values] of tags) {
    const padding = type === INT32 ? (4 - (offset % 4)) % 4 : 0
    const bytes = concatenated(...values.map((value) => (typeof value === 'number' ? words(value) : text(value))))
    data.push(new Uint8Array(padding), bytes)
    index.push(words(tag, type, offset + padding, values.length))
    offset += padding + bytes.length
  }
  return concatenated(words(tags.length, offset), ...index, ...data)
}

/** A database of the ndb backend that holds these headers (rpm, lib/backend/ndb/rpmpkg.c). */
export function ndbDatabase(headers: readonly Uint8Array[]): Uint8Array {
  const first = new Uint8Array(4096)
  first.set(littleEndian(0x506d7052, 0, 1, 1, headers.length + 1))
  const blobs: Uint8Array[] = []
  let block = 4096 / 16
  for (const [at, header] of headers.entries()) {
    const blob = concatenated(littleEndian(0x53626c42, at + 1, 7, header.length), header, new Uint8Array(12))
    const padded = concatenated(blob, new Uint8Array((16 - (blob.length % 16)) % 16))
    first.set(littleEndian(0x746f6c53, at + 1, block, padded.length / 16), 32 + 16 * at)
    blobs.push(padded)
    block += padded.length / 16
  }
  for (let slot = 32 + 16 * headers.length; slot < 4096; slot += 16) first.set(littleEndian(0x746f6c53), slot)
  return concatenated(first, ...blobs)
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1)
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(`${value}\0`)
}

function words(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4)
  for (const [at, value] of values.entries()) new DataView(bytes.buffer).setUint32(at * 4, value)
  return bytes
}

function littleEndian(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4)
  for (const [at, value] of values.entries()) new DataView(bytes.buffer).setUint32(at * 4, value, true)
  return bytes
}
