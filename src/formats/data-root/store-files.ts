import { fileSource, slice, type OpenSource } from '../../bytes/source.js'
import type { FileSet, Resolution } from '../files.js'
import { join } from './layout.js'
import type { Store } from './store.js'

/** The files below a key of a data-root, without following any link. The files that were read stay open until disposal. */
export function storeFiles(store: Store, base: string): FileSet {
  const open = new Map<string, Promise<OpenSource>>()
  const sourceOf = (file: string): Promise<OpenSource> => {
    const source = open.get(file) ?? fileSource(file, store.location)
    open.set(file, source)
    return source
  }
  return {
    location: store.location,
    findings: [],
    async resolve(path): Promise<Resolution> {
      const key = join(base, path)
      const node = store.node(key)
      if (node === undefined) return { kind: 'missing' }
      const place = node.type === 'file' ? store.place(key) : undefined
      if (place === undefined) {
        return { kind: 'broken', code: 'MEMBER_LINK_BROKEN', message: `${key} is no regular file` }
      }
      const whole = await sourceOf(place.file)
      const source = slice(whole, { offset: place.offset, length: node.size }, `${store.location} › ${key}`)
      return { kind: 'file', file: { source, path: key } }
    },
    list: (directory) => Promise.resolve(store.list(join(base, directory))),
    async [Symbol.asyncDispose]() {
      for (const source of open.values()) await (await source)[Symbol.asyncDispose]()
    },
  }
}
