/** What a name in a layer stands for, other than for itself. */
export type Whiteout =
  /** `DIR/.wh.NAME`: `path` of lower layers is gone. */
  | { readonly kind: 'whiteout'; readonly path: string }
  /** `DIR/.wh..wh..opq`: what lower layers have in `path` is gone. */
  | { readonly kind: 'opaque'; readonly path: string }
  /** Left by the AUFS driver: no part of the image. */
  | { readonly kind: 'aufs' }
  /** Nothing that a whiteout can be. */
  | { readonly kind: 'invalid'; readonly reason: string }

const PREFIX = '.wh.'
const META = '.wh..wh.'
const OPAQUE = '.wh..wh..opq'
const LINKS = '.wh..wh.plnk/'

/** What a cleaned path of a layer marks (image-spec, layer.md, Whiteouts); undefined for an entry like any other. */
export function whiteoutOf(key: string): Whiteout | undefined {
  if (!key.includes(PREFIX)) return undefined
  const slash = key.lastIndexOf('/')
  const directory = slash < 0 ? '' : key.slice(0, slash)
  return markedAbove(directory) ?? marked(directory, key.slice(slash + 1))
}

/** Whether a cleaned path is where AUFS kept the content of hard links. */
export function isAufsLink(key: string): boolean {
  return key.startsWith(LINKS)
}

function marked(directory: string, base: string): Whiteout | undefined {
  if (base === OPAQUE) return { kind: 'opaque', path: directory }
  if (base.startsWith(META)) return { kind: 'aufs' }
  if (!base.startsWith(PREFIX)) return undefined
  const name = base.slice(PREFIX.length)
  // They would aim at the directory itself or at its parent; vfs really deletes it.
  if (name === '' || name === '.' || name === '..') return { kind: 'invalid', reason: `a whiteout of '${name}'` }
  return { kind: 'whiteout', path: directory === '' ? name : `${directory}/${name}` }
}

// No file or directory of an image can have such a name, so nothing can lie in it.
function markedAbove(directory: string): Whiteout | undefined {
  if (!directory.includes(PREFIX)) return undefined
  const part = directory.split('/').find((name) => name.startsWith(PREFIX))
  if (part === undefined) return undefined
  const aufs = part.startsWith(META) && part !== OPAQUE
  return aufs ? { kind: 'aufs' } : { kind: 'invalid', reason: `an entry below the whiteout '${part}'` }
}
