import { lookup } from '../../tree/resolve.js'
import { textOf, type Package, type PackageReader } from './package.js'

// Since apk-tools 3 below /usr.
const DATABASES = ['lib/apk/db/installed', 'usr/lib/apk/db/installed']

/** Alpine's packages: blocks of lines `P:` name, `V:` version, `F:` directory, `R:` file in it. */
export const apk: PackageReader = {
  manager: 'apk',
  *databases(tree) {
    const seen = new Set<string>()
    for (const path of DATABASES) {
      const found = lookup(tree, path)
      if (found !== undefined && !seen.has(found.path)) yield found
      if (found !== undefined) seen.add(found.path)
    }
  },
  *read(_path, content) {
    for (const block of textOf(content).split('\n\n')) {
      const found = packageOf(block)
      if (found !== undefined) yield found
    }
  },
  keeps: (path) => /^(?:usr\/)?lib\/apk\/db\//.test(path) || path === 'etc/apk/world',
}

function packageOf(block: string): Package | undefined {
  let [name, version, directory] = ['', '', '']
  const paths: string[] = []
  for (const line of block.split('\n')) {
    const value = line.slice(2)
    if (line.startsWith('P:')) name = value
    else if (line.startsWith('V:')) version = value
    else if (line.startsWith('F:')) paths.push((directory = value))
    else if (line.startsWith('R:')) paths.push(directory === '' ? value : `${directory}/${value}`)
  }
  if (name === '' || version === '') return undefined
  return { manager: 'apk', name, version, files: { kind: 'paths', paths } }
}
