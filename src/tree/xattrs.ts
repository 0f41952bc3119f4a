const RECORD = 'SCHILY.xattr.'
// What overlayfs keeps about its own layers: no part of an image, and obeyed by some drivers when an archive smuggles it in.
const OVERLAY = /^(?:trusted|user)\.overlay\./

/**
 * Extended attributes by name out of the PAX records of an entry, without those of overlayfs. Only `SCHILY.xattr.`
 * counts, as for docker: what bsdtar writes as `LIBARCHIVE.xattr.` never reaches a container.
 */
export function xattrsOf(pax: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array> {
  const xattrs = new Map<string, Uint8Array>()
  for (const [name, value] of named(pax)) if (!OVERLAY.test(name)) xattrs.set(name, value)
  return xattrs
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
