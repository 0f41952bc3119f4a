import { expect, test } from 'vitest'
import { rpmSums } from '../../../src/ops/pinpoint/rpm-sums.js'
import { hexOfBytes } from '../../../src/bytes/hex.js'
import { ndbDatabase, rpmHeader, type RpmPackage } from '../../support/rpm.js'

const PACKAGE = { name: 'a', version: '1', release: '1' }

function claimsOf(more: Omit<RpmPackage, keyof typeof PACKAGE>) {
  const { claims } = rpmSums.read('Packages.db', ndbDatabase([rpmHeader({ ...PACKAGE, ...more })]))
  return claims.map(({ path, algorithm, sum }) => [path, algorithm, hexOfBytes(sum)])
}

const [md5, sha256, sha512] = ['0a'.repeat(16), '0b'.repeat(32), '0c'.repeat(64)]

test.each([
  [undefined, md5, 'md5'],
  [1, md5, 'md5'],
  [8, sha256, 'sha256'],
  [10, sha512, 'sha512'],
])('algorithm %s has digests %s', (algorithm, sum, name) => {
  const digests = { sums: [sum], ...(algorithm !== undefined && { algorithm }) }
  expect(claimsOf({ files: ['/usr/bin/a'], digests })).toEqual([['usr/bin/a', name, sum]])
})

test('directories have none, and an algorithm that nobody knows says nothing', () => {
  const files = ['/usr/share/a', '/usr/share/a/b']
  expect(claimsOf({ files, digests: { algorithm: 8, sums: ['', sha256] } })).toEqual([
    ['usr/share/a/b', 'sha256', sha256],
  ])
  expect(claimsOf({ files, digests: { algorithm: 99, sums: [sha256, sha256] } })).toEqual([])
  expect(claimsOf({ files })).toEqual([])
})

test('configuration, ghosts and what is not to be verified say nothing', () => {
  const files = ['/etc/config', '/var/log/ghost', '/etc/unverified', '/usr/bin/held']
  const sums = files.map(() => sha256)
  expect(
    claimsOf({ files, digests: { algorithm: 8, sums }, flags: [1, 64, 0, 2], verifyFlags: [-1, -1, ~1, 1] }),
  ).toEqual([['usr/bin/held', 'sha256', sha256]])
})

test('damage of a database gives what can be read', () => {
  const bytes = ndbDatabase([rpmHeader({ ...PACKAGE, files: ['/a'], digests: { algorithm: 8, sums: [sha256] } })])
  for (let at = 0; at < bytes.length; at += 7) {
    const cut = rpmSums.read('Packages.db', bytes.subarray(0, at))
    expect(cut.claims.length).toBeLessThan(2)
  }
})
