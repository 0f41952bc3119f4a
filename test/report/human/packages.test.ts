import { expect, test } from 'vitest'
import type { PackageRow, PackagesReport } from '../../../src/model/report-packages.js'
import { packagesText } from '../../../src/report/human/packages.js'

const report = (packages: PackageRow[], more: Partial<PackagesReport> = {}): PackagesReport => ({
  schema: 'imgtar/packages/v1',
  tool: { name: 'imgtar', version: '1.2.3' },
  ok: true,
  archive: 'app.tar',
  imageID: null,
  names: [],
  platform: 'linux/amd64',
  distro: null,
  layers: [],
  packages,
  unread: [],
  findings: [],
  ...more,
})
const shown = (...args: Parameters<typeof report>) => [...packagesText(report(...args))]

test('packages are a table without the columns that none needs, under how many of whom', () => {
  const curl: PackageRow = { manager: 'dpkg', name: 'curl', version: '7.88', architecture: 'amd64', layer: 10 }
  const distro = { id: 'debian', name: 'Debian 12' }
  expect(shown([curl], { distro })).toEqual([
    'app.tar: Debian 12, 1 package',
    '',
    'MANAGER  NAME  VERSION  ARCH   LAYER',
    'dpkg     curl  7.88     amd64  10',
  ])
  expect(shown([curl, { manager: 'npm', name: 'a', version: '1', path: '/srv/a', layer: 0 }])).toEqual([
    'app.tar: 2 packages: 1 of dpkg, 1 of npm',
    '',
    'MANAGER  NAME  VERSION  ARCH   LAYER  PATH',
    'dpkg     curl  7.88     amd64  10',
    'npm      a     1               0      /srv/a',
  ])
})

test('an image without packages has no table, and what could not be read is named', () => {
  expect(shown([], { unread: ['/var/lib/rpm/Packages'] })).toEqual([
    'app.tar: 0 packages',
    'not read: /var/lib/rpm/Packages, a database in the format of rpm before 4.16',
  ])
})

test('nothing that a database says is obeyed by a terminal, or fills it', () => {
  const long = 'n'.repeat(1_000_000)
  const lines = shown([{ manager: 'npm', name: '\u001b[2J', version: long, path: `/${long}`, layer: 0 }], {
    distro: { id: 'x\n', name: long },
  })
  expect(lines.join('')).not.toMatch(/[\u0000-\u001f]/)
  expect(lines.join('').length).toBeLessThan(20_000)
})
