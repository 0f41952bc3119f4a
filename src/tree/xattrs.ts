const RECORD = 'SCHILY.xattr.'
// What overlayfs keeps about its own layers: no part of an image, and obeyed by some drivers when an archive smuggles it in.
const OVERLAY = /^(?:trusted|user)\.overlay\./

/** What most files have; one for all of them, since a tree has many. */
export const NO_XATTRS: ReadonlyMap<string, Uint8Array> = new Map()

/**
 * Extended attributes by name out of the PAX records of an entry, without those of overlayfs. Only `SCHILY.xattr.`
 * counts, as for docker: what bsdtar writes as `LIBARCHIVE.xattr.` never reaches a container.
 */
export function xattrsOf(pax: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array> {
  if (pax.size === 0) return NO_XATTRS
  const xattrs = Array.from(named(pax)).filter(([name]) => !OVERLAY.test(name))
  return xattrs.length === 0 ? NO_XATTRS : new Map(xattrs)
}

/** Names of the attributes of an entry that overlayfs would obey. */
export function overlayXattrs(pax: ReadonlyMap<string, Uint8Array>): readonly string[] {
  return Array.from(named(pax), ([name]) => name).filter((name) => OVERLAY.test(name))
}

function* named(pax: ReadonlyMap<string, Uint8Array>): Generator<readonly [string, Uint8Array]> {
  for (const [key, value] of pax) {
    // An empty value takes a record back (PAX); Go reads it so too.
    if (key.startsWith(RECORD) && value.length > 0) yield [key.slice(RECORD.length), value]
  }
}
