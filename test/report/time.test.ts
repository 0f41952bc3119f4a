import { describe, expect, test } from 'vitest'
import { ago, listingTime } from '../../src/report/time.js'

const now = new Date('2026-11-21T12:00:00Z')
const before = (seconds: number): string => new Date(now.getTime() - seconds * 1000).toISOString()
const hour = 3600
const day = 24 * hour

describe('ages, as docker says them', () => {
  test.each([
    [0, 'Less than a second ago'],
    [1, '1 second ago'],
    [59, '59 seconds ago'],
    [60, 'About a minute ago'],
    [120, '2 minutes ago'],
    [59 * 60, '59 minutes ago'],
    [hour, 'About an hour ago'],
    [1.5 * hour, '2 hours ago'],
    [47 * hour, '47 hours ago'],
    [2 * day, '2 days ago'],
    [13 * day, '13 days ago'],
    [14 * day, '2 weeks ago'],
    [59 * day, '8 weeks ago'],
    [60 * day, '2 months ago'],
    [729 * day, '24 months ago'],
    [730 * day, '2 years ago'],
    [56 * 365 * day, '56 years ago'],
  ])('%i seconds are %s', (seconds, text) => {
    expect(ago(before(seconds), now)).toBe(text)
  })

  test('a time to come is less than a second ago', () => {
    expect(ago(before(-day), now)).toBe('Less than a second ago')
  })

  test('no time, the zero time of Go and what is no time have no age', () => {
    expect([ago(null, now), ago('0001-01-01T00:00:00Z', now), ago('soon', now)]).toEqual(['N/A', 'N/A', 'N/A'])
  })
})

describe('times of files', () => {
  test.each([
    ['0', '1970-01-01 00:00'],
    ['1735689600', '2025-01-01 00:00'],
    ['1735689599.999999999', '2024-12-31 23:59'],
    ['-0.5', '1969-12-31 23:59'],
    ['4102444800', '2100-01-01 00:00'],
  ])('%s seconds since 1970 are %s', (seconds, text) => {
    expect(listingTime(seconds)).toBe(text)
  })

  test('that no calendar has are shown as seconds', () => {
    expect(listingTime('99999999999999')).toBe('@99999999999999')
    expect(listingTime('999999999999')).toBe('@999999999999')
  })
})
