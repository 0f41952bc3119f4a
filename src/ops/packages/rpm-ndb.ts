// rpm's own database, Packages.db (rpm, lib/backend/ndb/rpmpkg.c); all numbers are little-endian.
const HEADER_MAGIC = 0x506d7052 // RpmP
const SLOT_MAGIC = 0x746f6c53 // Slot
const BLOB_MAGIC = 0x53626c42 // BlbS
const PAGE = 4096
const SLOT = 16
const BLOCK = 16

/** Whether the bytes are a database of rpm's ndb backend. */
export function isNdb(bytes: Uint8Array): boolean {
  return bytes.length >= PAGE && viewOf(bytes).getUint32(0, true) === HEADER_MAGIC
}

/** The header blobs of all packages, in the order of their slots. Damage ends the walk early. */
export function* ndbHeaders(bytes: Uint8Array): Generator<Uint8Array> {
  if (!isNdb(bytes)) return
  const view = viewOf(bytes)
  // 12 - pages of slots; the first two slots are the header
  const end = Math.min(view.getUint32(12, true) * PAGE, bytes.length)
  // No byte belongs to two blobs, whatever a damaged file says.
  let left = bytes.length
  for (let slot = 2 * SLOT; slot + SLOT <= end; slot += SLOT) {
    if (view.getUint32(slot, true) !== SLOT_MAGIC) return
    const [index, block] = [view.getUint32(slot + 4, true), view.getUint32(slot + 8, true)]
    const blob = block * BLOCK
    // An empty slot has no block.
    if (block === 0 || blob + BLOCK > bytes.length) continue
    if (view.getUint32(blob, true) !== BLOB_MAGIC || view.getUint32(blob + 4, true) !== index) continue
    const length = view.getUint32(blob + 12, true)
    if (blob + BLOCK + length > bytes.length || length > left) continue
    left -= length
    yield bytes.subarray(blob + BLOCK, blob + BLOCK + length)
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
