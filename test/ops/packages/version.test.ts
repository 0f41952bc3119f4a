import { expect, test } from 'vitest'
import type { Manager } from '../../../src/ops/packages/package.js'
import { compareVersions } from '../../../src/ops/packages/version.js'

test.each<[Manager, string, string]>([
  ['dpkg', '3.0.2', '3.0.13'],
  ['dpkg', '1.0~rc1', '1.0'],
  ['dpkg', '9.9', '1:0.1'],
  ['dpkg', '7.88.1-10+deb12u5', '7.88.1-10+deb12u15'],
  ['dpkg', '1.0', '1.0a'],
  ['rpm', '3.0.7-1.el9', '3.0.7-16.el9'],
  ['apk', '1.2_rc3-r0', '1.2-r0'],
  ['apk', '1.2-r1', '1.2_p1-r0'],
  ['npm', '1.0.0-rc.1', '1.0.0'],
  ['npm', '1.9.0', '1.10.0'],
  ['python', '2.0rc1', '2.0'],
  ['python', '2.0.dev3', '2.0a1'],
  ['python', '2.0', '1!0.1'],
])('%s has %s before %s', (manager, older, newer) => {
  expect(compareVersions(manager, older, newer)).toBeLessThan(0)
  expect(compareVersions(manager, newer, older)).toBeGreaterThan(0)
  expect(compareVersions(manager, newer, newer)).toBe(0)
})
