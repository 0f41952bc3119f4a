import type { BoltFile } from '../../src/formats/bbolt.js'

/** Bytes of a page. */
export const PAGE = 4096
const encoder = new TextEncoder()

/** Buckets in buckets, and values. */
export type Tree = { readonly [key: string]: string | Uint8Array | Tree }

/** An element and the bytes behind it, as bbolt lays a leaf out. */
export function leaf(tree: Tree, size?: number): Uint8Array {
  const items = Object.entries(tree).sort(([a], [b]) => (a < b ? -1 : 1))
  const parts = items.map(([key, value]) => {
    const bytes =
      value instanceof Uint8Array ? value : typeof value === 'string' ? encoder.encode(value) : inline(value)
    return { key: encoder.encode(key), bytes, flags: typeof value === 'string' || value instanceof Uint8Array ? 0 : 1 }
  })
  const length = 16 + 16 * parts.length + parts.reduce((sum, { key, bytes }) => sum + key.length + bytes.length, 0)
  const page = new Uint8Array(size ?? length)
  const view = new DataView(page.buffer)
  view.setUint16(8, 2, true)
  view.setUint16(10, parts.length, true)
  let at = 16 + 16 * parts.length
  for (const [index, { key, bytes, flags }] of parts.entries()) {
    const element = 16 + 16 * index
    view.setUint32(element, flags, true)
    view.setUint32(element + 4, at - element, true)
    view.setUint32(element + 8, key.length, true)
    view.setUint32(element + 12, bytes.length, true)
    page.set(key, at)
    page.set(bytes, at + key.length)
    at += key.length + bytes.length
  }
  return page
}

function inline(tree: Tree): Uint8Array {
  const page = leaf(tree)
  const bytes = new Uint8Array(16 + page.length)
  bytes.set(page, 16)
  return bytes
}

/** A page that leads to others. */
export function branch(children: readonly number[]): Uint8Array {
  const page = new Uint8Array(PAGE)
  const view = new DataView(page.buffer)
  view.setUint16(8, 1, true)
  view.setUint16(10, children.length, true)
  for (const [index, child] of children.entries()) view.setBigUint64(16 + 16 * index + 8, BigInt(child), true)
  return page
}

/** A meta page. */
export function meta(root: number, transaction: number): Uint8Array {
  const page = new Uint8Array(PAGE)
  const view = new DataView(page.buffer)
  view.setUint16(8, 4, true)
  view.setUint32(16, 0xed0cdaed, true)
  view.setUint32(20, 2, true)
  view.setUint32(24, PAGE, true)
  view.setBigUint64(32, BigInt(root), true)
  view.setBigUint64(64, BigInt(transaction), true)
  let hash = 0xcbf29ce484222325n
  for (const byte of page.subarray(16, 72)) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn
  view.setBigUint64(72, hash, true)
  return page
}

/** Pages as a file. */
export function fileOf(...pages: readonly Uint8Array[]): BoltFile & { readonly bytes: Uint8Array } {
  const bytes = new Uint8Array(pages.reduce((sum, { length }) => sum + length, 0))
  let end = 0
  for (const page of pages) {
    bytes.set(page, end)
    end += page.length
  }
  return {
    bytes,
    size: bytes.length,
    read(into, offset) {
      const part = bytes.subarray(offset, offset + into.length)
      into.set(part)
      return part.length
    },
  }
}

/** A whole database; its buckets lie inside each other, on as many pages as that takes. */
export function boltDatabase(tree: Tree): Uint8Array {
  const pages = Math.ceil(leaf(tree).length / PAGE)
  const root = leaf(tree, pages * PAGE)
  new DataView(root.buffer).setUint32(12, pages - 1, true)
  return fileOf(meta(2, 1), meta(2, 0), root).bytes
}
