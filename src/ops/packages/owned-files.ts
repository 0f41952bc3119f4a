import type { RunContext } from '../../context.js'
import type { Layer } from '../../model/image.js'
import { cleanKey, latin1 } from '../../tar/path.js'
import { lookup, realPaths } from '../../tree/resolve.js'
import { readFiles } from '../../tree/read-files.js'
import type { Located, Tree } from '../../tree/tree.js'
import type { Package } from './package.js'

/** Finds the package that a path belongs to. */
export interface Ownership {
  ownerOf(path: string): Package | undefined
}

type ListFiles = Extract<Package['files'], { kind: 'list' }>

const MOST_LIST = 64 * 1024 * 1024

/** Which of some packages owns which path of a tree; names are followed through links, as /lib is a link to usr/lib. */
export async function ownedFiles(
  packages: readonly Package[],
  { tree, layers }: { readonly tree: Tree; readonly layers: readonly Layer[] },
  context: RunContext,
): Promise<Ownership> {
  const owners = new Map<string, Package>()
  const directories = new Map<string, Package>()
  const real = realPaths(tree)
  const lists = new Map<Located, { readonly owner: Package; readonly files: ListFiles }>()
  for (const owner of packages) {
    const { files } = owner
    if (files.kind === 'paths') for (const path of files.paths) owners.set(real(path), owner)
    else if (files.kind === 'below') directories.set(files.directory, owner)
    else for (const file of listsOf(files, tree)) lists.set(file, { owner, files })
  }
  const onFile = (file: Located, content: Uint8Array) => {
    const list = lists.get(file)
    if (list === undefined) return
    owners.set(file.path, list.owner)
    for (const path of pathsOf(list.files, content)) owners.set(real(path), list.owner)
  }
  await readFiles({ layers, files: [...lists.keys()], most: MOST_LIST, onFile }, context)
  return { ownerOf: (path) => owners.get(path) ?? ownerAbove(path, directories) }
}

function* listsOf({ lists }: ListFiles, tree: Tree): Generator<Located> {
  for (const path of lists) {
    const found = lookup(tree, path)
    if (found !== undefined) yield found
  }
}

function* pathsOf({ base, column }: ListFiles, content: Uint8Array): Generator<string> {
  for (const line of latin1(content).split('\n')) {
    const name = nameOn(line, column)
    if (name !== '') yield cleanKey(base === '' || name.startsWith('/') ? name : `${base}/${name}`).key
  }
}

function nameOn(line: string, column: ListFiles['column']): string {
  if (column === 'line') return line
  // md5sum: 32 hex digits, two spaces, the name
  if (column === 'md5sums') return line.slice(34)
  const quoted = /^"((?:[^"]|"")*)"/.exec(line)?.[1]
  return quoted?.replaceAll('""', '"') ?? line.split(',')[0]?.trim() ?? ''
}

function ownerAbove(path: string, directories: ReadonlyMap<string, Package>): Package | undefined {
  if (directories.size === 0) return undefined
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    const directory = path.slice(0, end)
    const owner = directories.get(directory)
    if (owner !== undefined) return owner
    // What lies in a node_modules of its own belongs to another package.
    if (directory.endsWith('/node_modules')) return undefined
  }
  return undefined
}
