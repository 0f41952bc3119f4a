import { cleanKey } from './path.js'
import type { FileLookup, StoredFiles } from './split-files.js'

/** The names of a layer as they lie in its tree. */
export interface OwnNames {
  /** One of the layer's tar, one latin1 character a byte. */
  add(name: string): void
  /**
   * Paths in the tree that have none of the names, in the order of a walk; what is below such a path is not told. Markers
   * of deleted files are no files.
   */
  strangers(): Generator<string>
}

/** Gathers the names of the layer whose tree is at `base`: what was written through a link is known by where it lies too. */
export function ownNames(
  files: Pick<StoredFiles, 'typeOf' | 'list'>,
  base: string,
  lookup: Pick<FileLookup, 'realOf'>,
): OwnNames {
  const names = new Set<string>()
  return {
    add(name) {
      const { key } = cleanKey(name)
      addWithParents(names, key)
      addWithParents(names, lookup.realOf(key) ?? '')
    },
    *strangers() {
      const stack = files.list(base).toReversed()
      for (let path = stack.pop(); path !== undefined; path = stack.pop()) {
        const type = files.typeOf(`${base}/${path}`)
        if (names.has(path)) {
          if (type === 'directory')
            for (const name of files.list(`${base}/${path}`).toReversed()) stack.push(`${path}/${name}`)
        } else if (!isMarker(path, names, type === 'char')) yield path
      }
    },
  }
}

/** Adds a path and all above it. */
function addWithParents(names: Set<string>, key: string): void {
  for (let path = key; path !== '' && !names.has(path); path = path.slice(0, Math.max(0, path.lastIndexOf('/')))) {
    names.add(path)
  }
}

// overlayfs keeps a device in the place of a deleted file, and of each that went as its directory became opaque where that
// happened in the mounted whole; aufs has files of its own.
function isMarker(path: string, names: ReadonlySet<string>, isDevice: boolean): boolean {
  const slash = path.lastIndexOf('/') + 1
  const name = path.slice(slash)
  const isMarked = (marker: string) => names.has(`${path.slice(0, slash)}${marker}`)
  return name.startsWith('.wh..wh.') || (isDevice && (isMarked(`.wh.${name}`) || isMarked('.wh..wh..opq')))
}
