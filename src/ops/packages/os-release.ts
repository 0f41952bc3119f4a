import type { Distro } from '../../model/report-packages.js'
import { lookup } from '../../tree/resolve.js'
import type { Located, Tree } from '../../tree/tree.js'
import { textOf } from './package.js'

/** The os-release of a tree: the first counts (os-release(5)). */
export function osReleaseIn(tree: Tree): Located | undefined {
  for (const path of ['etc/os-release', 'usr/lib/os-release']) {
    const found = lookup(tree, path)
    if (found?.node.inode.type === 'file') return found
  }
  return undefined
}

/** What an os-release says; null without an ID. Lines are assignments of a shell, quoted or not. */
export function readOSRelease(content: Uint8Array): Distro | null {
  const fields = new Map<string, string>()
  for (const line of textOf(content).split('\n')) {
    const [, key = '', value = ''] = /^([A-Z][A-Z0-9_]*)=(.*?)\s*$/.exec(line) ?? []
    if (key !== '') fields.set(key, unquoted(value))
  }
  const [id, versionID, name] = ['ID', 'VERSION_ID', 'PRETTY_NAME'].map((key) => fields.get(key))
  if (id === undefined || id === '') return null
  return { id, ...(versionID && { versionID }), ...(name && { name }) }
}

function unquoted(value: string): string {
  const [, quote = '', inner = ''] = /^(["'])(.*)\1$/.exec(value) ?? []
  if (quote === '') return value
  return quote === '"' ? inner.replace(/\\(["$`\\])/g, '$1') : inner
}
