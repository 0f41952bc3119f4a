import { describe, expect, test } from 'vitest'
import { formatPlatform, parsePlatform, platformMatches } from '../../src/model/platform.js'

describe('a platform', () => {
  test.each([
    ['linux/amd64', { os: 'linux', architecture: 'amd64' }],
    ['linux/arm64/v8', { os: 'linux', architecture: 'arm64', variant: 'v8' }],
    ['Linux/x86_64', { os: 'linux', architecture: 'amd64' }],
    ['linux/aarch64', { os: 'linux', architecture: 'arm64' }],
    ['windows/i386', { os: 'windows', architecture: '386' }],
  ])('is read from %s', (text, platform) => {
    expect(parsePlatform(text)).toEqual(platform)
  })

  test.each(['', 'linux', 'linux/', '/amd64', 'linux/arm/v7/x'])('is not read from %j', (text) => {
    expect(() => parsePlatform(text)).toThrow(expect.objectContaining({ code: 'ERR_REFERENCE' }))
  })

  test('is written as it is read', () => {
    for (const text of ['linux/amd64', 'linux/arm/v6']) expect(formatPlatform(parsePlatform(text))).toBe(text)
  })

  test.each([
    ['linux/arm64', 'linux/arm64/v8', true],
    ['linux/arm64/v8', 'linux/arm64', true],
    ['linux/arm', 'linux/arm/v7', true],
    ['linux/arm/v6', 'linux/arm', false],
    ['linux/amd64', 'linux/amd64/v1', true],
    ['linux/amd64/v3', 'linux/amd64', false],
    ['linux/amd64', 'windows/amd64', false],
    ['linux/amd64', 'linux/arm64', false],
  ])('%s offered for %s wanted: %s', (offered, wanted, matches) => {
    expect(platformMatches(parsePlatform(offered), parsePlatform(wanted))).toBe(matches)
  })
})
