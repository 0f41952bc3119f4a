import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cleanPath, latin1Bytes } from '../../src/tar/path.js'
import { plainReader, type PlainMember } from '../../src/tar/plain-header.js'
import { plainPlaces } from '../../src/tree/plain-members.js'

function named(name: string): PlainMember {
  const bytes = latin1Bytes(`before${name}after`)
  const { member } = plainReader({ pax: 0 })
  return { ...member, nameIn: bytes, nameStart: 6, nameEnd: 6 + name.length }
}

const DEPTH = 4

function placesOf(names: readonly string[]): (string | undefined)[] {
  const placeOf = plainPlaces(DEPTH)
  return names.map((name) => {
    const place = placeOf(named(name))
    return place && (place.parent === '' ? place.name : `${place.parent}/${place.name}`)
  })
}

test('a name is where cleaning puts it, or is left to be cleaned', () => {
  const part = fc.constantFrom('a', 'b', '', '.', '..', '.a', '...', '.wh.a', '.wh', 'usr', '\u00ff')
  const name = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/'))
  const names = fc.array(name.filter((text) => text !== ''))
  fc.assert(
    fc.property(names, (all) => {
      for (const [at, found] of placesOf(all).entries()) {
        if (found === undefined) continue
        const { key, depth, escapes } = cleanPath(latin1Bytes(all[at] ?? ''))
        expect([found, escapes, depth <= DEPTH]).toEqual([key, false, true])
      }
    }),
  )
})

test('ordinary names need no cleaning', () => {
  const names = ['usr/', './usr/bin', '/usr/bin/a', 'usr/bin/.hidden', 'usr/bin/...', 'usr/binary', 'usr', 'etc/b']
  expect(placesOf(names)).toEqual([
    'usr',
    'usr/bin',
    'usr/bin/a',
    'usr/bin/.hidden',
    'usr/bin/...',
    'usr/binary',
    'usr',
    'etc/b',
  ])
})

test('the root, dots, empty components, marks of whiteouts and great depths are for others', () => {
  const names = ['./', '/', '.', '..', 'a/../b', 'a//b', 'a/./b', '.wh.a', 'a/.wh.b', 'a/.wh..wh..opq', 'a/b/c/d/e']
  expect(placesOf(['a/b', ...names])).toEqual(['a/b', ...names.map(() => undefined)])
})

test('names of one directory share the text of its path, others do not', () => {
  const placeOf = plainPlaces(DEPTH)
  const parents = ['usr/bin/a', 'usr/bin/b', 'usr/bi/c', 'usr/bin/d'].map((name) => placeOf(named(name))?.parent)
  expect(parents).toEqual(['usr/bin', 'usr/bin', 'usr/bi', 'usr/bin'])
})
