import { expect, test } from 'vitest'
import type { StoredFiles, StoredType } from '../../src/tar/split-files.js'
import { stackedLookup } from '../../src/tar/split-stack.js'

/** Trees of names; `->` is a link, `:` a file, `%` the device of a deleted name, all else is a directory. */
function filesOf(...lines: readonly string[]) {
  const types = new Map<string, StoredType>()
  const links = new Map<string, string>()
  const asked: string[] = []
  for (const line of lines) {
    const [key = '', target] = line.replace(/[:%]$/, '').split(' -> ')
    for (let slash = key.indexOf('/'); slash >= 0; slash = key.indexOf('/', slash + 1))
      types.set(key.slice(0, slash), types.get(key.slice(0, slash)) ?? 'directory')
    types.set(
      key,
      target !== undefined ? 'symlink' : line.endsWith(':') ? 'file' : line.endsWith('%') ? 'char' : 'directory',
    )
    if (target !== undefined) links.set(key, target)
  }
  const files: StoredFiles = {
    typeOf(key) {
      asked.push(key)
      return types.get(key)
    },
    linkOf: (key) => links.get(key) ?? '',
    list: () => [],
    open: (key) => (types.get(key) === 'file' ? { size: 0, read: () => 0, close: () => undefined } : 'missing'),
  }
  return { files, asked }
}

const opened = (files: StoredFiles, name: string, below: readonly string[]) => {
  const lookup = stackedLookup(files, 'top', below)
  const found = lookup.open(name)
  return [typeof found === 'string' ? found : 'there', lookup.realOf(name)]
}

test('a file is found in its own tree by its own name first', () => {
  const { files } = filesOf('top/lib/a:', 'top/usr/lib/a:', 'low/lib -> usr/lib')
  expect(opened(files, 'lib/a', ['low'])).toEqual(['there', 'lib/a'])
})

test('a file is found where a link of a tree below leads', () => {
  const { files } = filesOf('top/usr/lib/a:', 'low/lib -> /usr/lib', 'low/usr/lib')
  expect(opened(files, 'lib/a', ['mid', 'low'])).toEqual(['there', 'usr/lib/a'])
  expect(opened(files, 'lib/b', ['mid', 'low'])).toEqual(['missing', 'usr/lib/b'])
})

test('a link that leads out of the trees stays within', () => {
  const { files, asked } = filesOf('top/etc/a:', 'low/lib -> ../../../etc', 'low/etc')
  expect(opened(files, 'lib/a', ['low'])).toEqual(['there', 'etc/a'])
  expect(asked.filter((key) => key.includes('..'))).toEqual([])
})

test.each([
  ['deleted', 'top/lib%'],
  ['a file in between', 'mid/lib:'],
])('a link is none any more where it is %s', (_, line) => {
  const { files } = filesOf('top/usr/lib/a:', line, 'low/lib -> usr/lib', 'low/usr/lib')
  expect(opened(files, 'lib/a', ['mid', 'low'])).toEqual(['missing', undefined])
})

test('no name is looked up through a link of any tree', () => {
  const { files, asked } = filesOf('top/d', 'mid/d -> /etc', 'low/d/link -> x')
  expect(opened(files, 'd/link/a', ['mid', 'low'])).toEqual(['missing', undefined])
  expect(asked).not.toContain('mid/d/link')
  // What the tree between has is no directory: what lies below it is hidden.
  expect(asked).not.toContain('low/d/link')
})
