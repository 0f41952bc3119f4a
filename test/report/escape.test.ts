import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readable, visible, visibleBytes, visibleName } from '../../src/report/escape.js'

const base64 = (...bytes: number[]): string => btoa(String.fromCharCode(...bytes))

describe('text of an archive on a terminal', () => {
  test('is left alone where it can be seen', () => {
    expect(visible('grüße/日本語 file.txt 👍')).toBe('grüße/日本語 file.txt 👍')
  })

  test.each([
    ['a line feed', 'a\nb', 'a\\nb'],
    ['an escape sequence', '\u001b[2J', '\\033[2J'],
    ['C1 controls', '\u009b31m', '\\302\\23331m'],
    ['DEL', 'a\u007f', 'a\\177'],
    ['a bidi override', 'txt.\u202egpj', 'txt.\\342\\200\\256gpj'],
    ['a zero-width space', 'a\u200bb', 'a\\342\\200\\213b'],
    ['a line separator', 'a\u2028b', 'a\\342\\200\\250b'],
  ])('shows %s and does not obey it', (_what, text, shown) => {
    expect(visible(text)).toBe(shown)
  })

  test('never holds a control or format character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(visible(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      }),
    )
  })
})

describe('names', () => {
  test('that no system takes are shown without their middle, all others whole', () => {
    const longest = 'n'.repeat(4095)
    expect(readable(longest)).toBe(longest)
    const shown = readable(`begin/${'d/'.repeat(200_000)}end`)
    expect(shown).toMatch(/^begin\/d\/.* … 399009 more characters … .*d\/end$/)
    expect(shown.length).toBeLessThan(1100)
  })

  test('that differ are shown differently', () => {
    expect(visibleName('a\nb')).not.toBe(visibleName('a\\nb'))
    expect(visibleName('a\\nb')).toBe('a\\\\nb')
  })

  test('that are not UTF-8 show their bytes in octal', () => {
    expect(visibleBytes(base64(0x2f, 0x61, 0xff, 0xc3, 0xa9, 0xe2, 0x82))).toBe('/a\\377é\\342\\202')
  })

  test('with surrogates, overlong forms or bytes beyond Unicode show them in octal', () => {
    expect(visibleBytes(base64(0xed, 0xa0, 0x80))).toBe('\\355\\240\\200')
    expect(visibleBytes(base64(0xc0, 0xaf))).toBe('\\300\\257')
    expect(visibleBytes(base64(0xf5, 0x80, 0x80, 0x80))).toBe('\\365\\200\\200\\200')
  })

  test('in bytes are as names in text where they are UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        expect(visibleBytes(base64(...new TextEncoder().encode(name)))).toBe(visibleName(name))
      }),
    )
  })
})
