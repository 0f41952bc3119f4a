import {
  lookupIn,
  scopedLookup,
  type FileLookup,
  type StoredFiles,
  type StoredType,
  type TreeView,
} from './split-files.js'
import type { FileLocator } from './split-locator.js'

/** The tree that a layer was unpacked to on top of others. Plain data: a worker can be told. */
export interface StackedTree {
  readonly files: FileLocator
  /** Keys of the trees below it, beside `files.base`, the topmost first; undefined where its own has all of theirs in it. */
  readonly below: readonly string[] | undefined
}

/**
 * Looks the names of a layer up in its own tree, and what is not there where the links of the trees below it lead: who
 * unpacks into the mounted whole follows them, who unpacks beside it does not. Files are those of its own tree only.
 */
export function stackedLookup(files: StoredFiles, base: string, below: readonly string[] = []): FileLookup {
  const own = scopedLookup(files, base)
  if (below.length === 0) return own
  const whole = lookupIn(wholeView(files, [base, ...below]), (key) => files.open(`${base}/${key}`))
  return {
    open(name) {
      const found = own.open(name)
      return found === 'missing' ? whole.open(name) : found
    },
    realOf: (key) => own.realOf(key) ?? whole.realOf(key),
  }
}

/** What overlayfs would show of some trees, the topmost first, but for what is deleted or opaque. */
function wholeView(files: StoredFiles, bases: readonly string[]): TreeView {
  const trees = bases.map((base) => ({ base, typeOf: guardedTypes(files, base) }))
  const find = (key: string): { readonly base: string; readonly type: StoredType } | undefined => {
    const parent = key.slice(0, Math.max(0, key.lastIndexOf('/')))
    for (const { base, typeOf } of trees) {
      const above = typeOf(parent)
      const type = above === 'directory' ? typeOf(key) : undefined
      if (type !== undefined) return { base, type }
      // What is no directory hides those below it.
      if (above !== undefined && above !== 'directory') return undefined
    }
    return undefined
  }
  return {
    typeOf: (key) => find(key)?.type,
    linkOf: (key) => files.linkOf(`${find(key)?.base ?? ''}/${key}`),
  }
}

/** Types in one tree that never look through a link: a directory of the whole may be one here. */
function guardedTypes(files: StoredFiles, base: string): (key: string) => StoredType | undefined {
  const known = new Map<string, StoredType | undefined>([['', files.typeOf(base)]])
  const typeOf = (key: string): StoredType | undefined => {
    if (known.has(key)) return known.get(key)
    const parent = key.slice(0, Math.max(0, key.lastIndexOf('/')))
    const type = typeOf(parent) === 'directory' ? files.typeOf(`${base}/${key}`) : undefined
    known.set(key, type)
    return type
  }
  return typeOf
}
