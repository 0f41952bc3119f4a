import { describe, expect, test } from 'vitest'
import { byteCount, choice, flag, readOptions, textsOf, value, wholeNumber } from '../../src/cli/arguments.js'
import { UsageError } from '../../src/cli/usage-error.js'

describe('sizes', () => {
  test.each([
    ['8388608', 8_388_608],
    ['8MiB', 8_388_608],
    ['8m', 8_388_608],
    ['8MB', 8_000_000],
    ['1.5k', 1536],
    ['2 GiB', 2_147_483_648],
    ['10b', 10],
  ])('%s is %i bytes', (text, bytes) => {
    expect(byteCount(text, 'limit-json')).toBe(bytes)
  })

  test.each(['', 'x', '-1', '0', '8XiB', '1e9', '0x10', '9999999TiB', 'MiB'])('%j is none', (text) => {
    expect(() => byteCount(text, 'limit-json')).toThrow(UsageError)
  })
})

describe('whole numbers', () => {
  test('are read in decimal, leading zeros and all', () => {
    expect(wholeNumber(0)('007', 'layer')).toBe(7)
  })

  test.each(['abc', '', '-1', '1.5', '1e3', '99999999999999999999', '0'])(
    '%j is refused where 1 is the least',
    (text) => {
      expect(() => wholeNumber(1)(text, 'jobs')).toThrow('--jobs wants a whole number from 1')
    },
  )
})

describe('options', () => {
  const options = {
    quiet: flag('quiet'),
    color: choice('colour', ['auto', 'never'], 'auto'),
    jobs: value('jobs', 'N', wholeNumber(1)),
    out: value('output', 'FILE', (text) => text),
  }

  test('have their defaults where nothing is given', () => {
    expect(readOptions(options, {})).toEqual({ quiet: false, color: 'auto', jobs: undefined, out: undefined })
  })

  test('are read where something is given', () => {
    const given = { quiet: true, color: 'never', jobs: '2', out: 'a' }
    expect(readOptions(options, given)).toEqual({ quiet: true, color: 'never', jobs: 2, out: 'a' })
  })

  test('keep `-` for standard input and output', () => {
    expect(readOptions(options, { out: 'stdio:' }).out).toBe('-')
  })

  test('that are given twice, with no value, or with none of theirs are refused', () => {
    expect(() => readOptions(options, { jobs: ['1', '2'] })).toThrow('--jobs is given more than once')
    expect(() => readOptions(options, { out: '' })).toThrow('--out wants a value: FILE')
    expect(() => readOptions(options, { color: 'red' })).toThrow("--color is one of auto, never, not 'red'")
  })
})

test('operands are texts, in their order', () => {
  expect(textsOf(['a', 'stdio:', 'stdio::web:2', 'b'])).toEqual(['a', '-', '-:web:2', 'b'])
  expect(textsOf('a')).toEqual(['a'])
  expect(textsOf(undefined)).toEqual([])
})
