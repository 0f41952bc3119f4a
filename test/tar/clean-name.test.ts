import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cleanKey, cleanName, cleanPath, displayPath } from '../../src/tar/path.js'

/** A name cleaned component by component, with nothing taken as a whole. */
function plainly(name: string) {
  const parts: string[] = []
  let escapes = false
  for (const part of name.split('/')) {
    if (part === '..') escapes = parts.pop() === undefined || escapes
    else if (part !== '' && part !== '.') parts.push(part)
  }
  const [absolute, nul] = [name.startsWith('/'), name.includes('\0')]
  return { key: parts.join('/'), depth: parts.length, absolute, escapes, nul }
}

describe('cleaning a name', () => {
  test('gives what its components give, however they are put together', () => {
    const names = fc.array(fc.constantFrom('/', '/', '.', '..', 'a', 'b.c', '.wh.', '\0', 'é'), { maxLength: 9 })
    fc.assert(
      fc.property(names, (parts) => {
        expect(cleanKey(parts.join(''))).toEqual(plainly(parts.join('')))
      }),
      { numRuns: 3000 },
    )
  })

  test('gives the same from the bytes and from the text that shows them', () => {
    const bytes = fc.oneof(
      fc.string({ unit: 'grapheme' }).map((text) => new TextEncoder().encode(text)),
      fc.uint8Array(),
    )
    fc.assert(
      fc.property(bytes, (raw) => {
        expect(cleanName(displayPath(raw), raw)).toEqual(cleanPath(raw))
      }),
    )
  })
})
