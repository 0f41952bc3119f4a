import { textOf, type PackageReader } from './package.js'

// `node_modules/name/package.json`, `node_modules/@scope/name/package.json`, and nothing deeper inside a package.
const PACKAGE = /(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/@][^/]*\/package\.json$/

/** Packages of npm and its kin: the package.json of every directory in a node_modules. */
export const npm: PackageReader = {
  manager: 'npm',
  *databases(_tree, changed) {
    for (const file of changed) {
      const { path, node } = file
      if (node.inode.type === 'file' && path.endsWith('/package.json') && PACKAGE.test(path)) yield file
    }
  },
  *read(path, content) {
    const { name, version } = parsed(textOf(content))
    if (typeof name !== 'string' || typeof version !== 'string') return
    const directory = path.slice(0, path.lastIndexOf('/'))
    yield { manager: 'npm', name, version, path: directory, files: { kind: 'below', directory } }
  },
  keeps: (path) => path.endsWith('node_modules/.package-lock.json'),
}

function parsed(text: string): { name?: unknown; version?: unknown } {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
