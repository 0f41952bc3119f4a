import { expect, test } from 'vitest'
import { capabilityForAll } from '../../src/tar/capability.js'

const words = (revision: number, length: number) => Uint8Array.from({ length }, (_, at) => (at === 3 ? revision : at))

test('a capability of a user namespace is written as one for all', () => {
  expect(capabilityForAll(words(3, 24))).toEqual(words(2, 20))
})

test('a capability that is for all stays as it is', () => {
  expect(capabilityForAll(words(2, 20))).toEqual(words(2, 20))
})
