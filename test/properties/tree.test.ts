import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Inode } from '../../src/tree/node.js'
import { walkTree } from '../../src/tree/tree.js'
import type { LayerEntry } from '../support/layers.js'
import { mergeEntries } from '../support/trees.js'

// A second reading of the image specification, as plain as can be: paths in a map, no tree, no cleverness.

interface Thing {
  readonly type: string
  /** Tells which entry made it, or linked it last: the time in its header. */
  made: bigint
  readonly target: string
  readonly layer: readonly LayerEntry[]
}
type Files = Map<string, Thing>

const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')))
const baseOf = (path: string) => path.slice(path.lastIndexOf('/') + 1)
const joined = (parent: string, name: string) => (parent === '' ? name : `${parent}/${name}`)
const within = (path: string, directory: string) => directory === '' || path.startsWith(`${directory}/`)

/** Where a path really lies: links are put in for their names until none is left; undefined in a circle. */
function real(files: Files, path: string, mayFollow: (path: string) => boolean = () => true): string | undefined {
  let links = 0
  let done = ''
  let todo = path.split('/')
  while (todo.length > 0) {
    const [name = '', ...rest] = todo
    todo = rest
    if (name === '' || name === '.') continue
    if (name === '..') {
      done = parentOf(done)
      continue
    }
    const at = joined(done, name)
    const thing = files.get(at)
    if (thing?.type !== 'symlink') {
      done = at
      continue
    }
    if (++links > 40 || !mayFollow(at)) return undefined
    if (thing.target.startsWith('/')) done = ''
    todo = [...thing.target.split('/'), ...todo]
  }
  return done
}

function removeBelow(files: Files, directory: string): void {
  for (const path of [...files.keys()]) if (within(path, directory)) files.delete(path)
}

/** What is no directory gives way; there is nothing below it. */
function makeDirectories(files: Files, path: string, layer: Thing['layer']): void {
  const parts = path === '' ? [] : path.split('/')
  parts.forEach((_, at) => {
    const directory = parts.slice(0, at + 1).join('/')
    if (files.get(directory)?.type === 'directory') return
    files.set(directory, { type: 'directory', made: 0n, target: '', layer })
  })
}

function applyPlainly(files: Files, layer: readonly LayerEntry[]): void {
  const marks = layer.filter(({ path }) => baseOf(path).startsWith('.wh.'))
  const added = layer.filter((entry) => !marks.includes(entry))
  const own = new Set(added.filter(({ type }) => type !== 'symlink').map(({ path }) => path))
  const mayFollow = (link: string) => !own.has(link)
  for (const { path } of marks) {
    const directory = parentOf(path)
    if (real(files, directory, mayFollow) !== directory) continue
    const above = directory === '' ? [] : directory.split('/').map((_, at, parts) => parts.slice(0, at + 1).join('/'))
    if (above.every((one) => (files.get(one)?.type ?? 'directory') === 'directory'))
      makeDirectories(files, directory, layer)
  }
  for (const { path } of marks) {
    const directory = real(files, parentOf(path), mayFollow)
    if (directory === undefined) continue
    const gone = joined(directory, baseOf(path).slice('.wh.'.length))
    if (baseOf(path) !== '.wh..wh..opq') files.delete(gone)
    removeBelow(files, baseOf(path) === '.wh..wh..opq' ? directory : gone)
  }
  for (const entry of added) addPlainly(files, entry, layer)
}

function addPlainly(files: Files, entry: LayerEntry, layer: Thing['layer']): void {
  const { path, type = 'file', linkPath = '', mtimeNs = 0n } = entry
  let thing: Thing | undefined = { type, made: mtimeNs, target: type === 'symlink' ? linkPath : '', layer }
  if (type === 'hardlink') {
    const directory = real(files, parentOf(linkPath))
    thing = directory === undefined ? undefined : files.get(joined(directory, baseOf(linkPath)))
    if (thing === undefined || thing.type === 'directory') return
    if (thing.layer === layer && thing.type !== 'symlink') thing.made = mtimeNs
  }
  const directory = real(files, parentOf(path))
  if (directory === undefined) return
  makeDirectories(files, directory, layer)
  const at = joined(directory, baseOf(path))
  if (type !== 'directory' || files.get(at)?.type !== 'directory') removeBelow(files, at)
  files.set(at, thing)
}

const name = fc.constantFrom('a', 'b', 'c')
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'))
const target = fc.oneof(
  path,
  path.map((to) => `/${to}`),
  path.map((to) => `../${to}`),
  fc.constantFrom('/', '.', '..'),
)
const entry: fc.Arbitrary<LayerEntry> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ path, type: fc.constantFrom('file' as const, 'directory' as const, 'fifo' as const) }),
  },
  { weight: 1, arbitrary: fc.record({ path, type: fc.constant('symlink' as const), linkPath: target }) },
  { weight: 1, arbitrary: fc.record({ path, type: fc.constant('hardlink' as const), linkPath: path }) },
  { weight: 1, arbitrary: path.map((gone) => ({ path: joined(parentOf(gone), `.wh.${baseOf(gone)}`) })) },
  { weight: 1, arbitrary: fc.option(path, { nil: '' }).map((gone) => ({ path: joined(gone, '.wh..wh..opq') })) },
)
const layers = fc.array(fc.array(entry, { maxLength: 8 }), { minLength: 1, maxLength: 4 }).map((all) => {
  // Each entry has a time of its own, by which it is known again.
  let time = 0n
  return all.map((layer) => layer.map((one): LayerEntry => ({ ...one, mtimeNs: ++time * 1_000_000_000n })))
})

test('a merged tree is what the specification says, read plainly', async () => {
  await fc.assert(
    fc.asyncProperty(layers, async (all) => {
      const files: Files = new Map()
      for (const layer of all) applyPlainly(files, layer)
      const { tree } = await mergeEntries(...all)
      const nodes = [...walkTree(tree)]
      expect(
        new Map(
          nodes.map(({ path, node: { inode } }) => [
            path,
            { type: inode.type, made: inode.mtimeNs, target: inode.linkPath },
          ]),
        ),
      ).toEqual(new Map([...files].map(([path, { type, made, target }]) => [path, { type, made, target }])))
      expect(groups(nodes.map(({ path, node }) => [path, node.inode]))).toEqual(groups([...files]))
    }),
    { numRuns: 3000 },
  )
})

/** Names that share one thing, as sorted lists. */
function groups(named: readonly (readonly [string, Inode | Thing])[]): string[] {
  const paths = new Map<Inode | Thing, string[]>()
  for (const [path, thing] of named) paths.set(thing, [...(paths.get(thing) ?? []), path])
  return Array.from(paths.values(), (list) => list.sort().join(' ')).sort()
}

test('the order of a walk is that of a sort by components', async () => {
  await fc.assert(
    fc.asyncProperty(layers, async (all) => {
      const { tree } = await mergeEntries(...all)
      const walked = Array.from(walkTree(tree), (item) => item.path)
      const components = (one: string) => one.split('/')
      const sorted = [...walked].sort((a, b) => compare(components(a), components(b)))
      expect(walked).toEqual(sorted)
    }),
    { numRuns: 300 },
  )
})

function compare(a: readonly string[], b: readonly string[]): number {
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const [x = '', y = ''] = [a[at], b[at]]
    if (x !== y) return x < y ? -1 : 1
  }
  return a.length - b.length
}
