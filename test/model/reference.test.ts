import { describe, expect, test } from 'vitest'
import { canonicalName, familiarName, familiarTagged, parseReference } from '../../src/model/reference.js'

const HEX = 'a'.repeat(64)

describe('a name as docker parses it', () => {
  test.each([
    ['busybox', 'docker.io', 'library/busybox', undefined],
    ['busybox:1', 'docker.io', 'library/busybox', '1'],
    ['me/app:v1.0_x-y', 'docker.io', 'me/app', 'v1.0_x-y'],
    ['docker.io/busybox', 'docker.io', 'library/busybox', undefined],
    ['index.docker.io/library/busybox', 'docker.io', 'library/busybox', undefined],
    ['localhost/app', 'localhost', 'app', undefined],
    ['localhost:5000/app:1', 'localhost:5000', 'app', '1'],
    ['reg.example:5000/x/y:v1', 'reg.example:5000', 'x/y', 'v1'],
    ['Reg/app', 'Reg', 'app', undefined],
    ['[::1]:5000/app', '[::1]:5000', 'app', undefined],
    ['a__b/c-d--e.f', 'docker.io', 'a__b/c-d--e.f', undefined],
  ])('%s', (text, registry, repository, tag) => {
    expect(parseReference(text)).toEqual({ registry, repository, ...(tag !== undefined && { tag }) })
  })

  test('may have a digest, beside a tag or alone', () => {
    expect(parseReference(`app@sha256:${HEX}`)).toMatchObject({ digest: `sha256:${HEX}` })
    expect(parseReference(`app:1@sha256:${HEX}`)).toMatchObject({ tag: '1', digest: `sha256:${HEX}` })
  })

  test.each([
    '',
    ':1',
    'App',
    'app:',
    'app:-x',
    `app:${'t'.repeat(129)}`,
    '../app',
    'a//b',
    '/app',
    'app/',
    'a___b',
    'a..b',
    '-a',
    'a b',
    'app:1\n',
    'app@sha256:abc',
    HEX,
    'x'.repeat(256),
  ])('refuses %j', (text) => {
    expect(parseReference(text)).toBeUndefined()
  })
})

describe('a name as docker prints it', () => {
  test.each([
    ['docker.io/library/busybox:1', 'busybox:1'],
    ['docker.io/me/app:1', 'me/app:1'],
    ['library/busybox', 'busybox:latest'],
    ['localhost/library/app:1', 'localhost/library/app:1'],
    [`busybox@sha256:${HEX}`, `busybox@sha256:${HEX}`],
    ['not a name', 'not a name'],
  ])('%s is %s', (text, familiar) => {
    expect(familiarTagged(text)).toBe(familiar)
  })

  test('is the same image as its full name', () => {
    const reference = parseReference('busybox:1')
    expect(reference && canonicalName(reference)).toBe('docker.io/library/busybox:1')
    expect(reference && familiarName(reference)).toBe('busybox:1')
  })
})
