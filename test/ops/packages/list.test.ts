import { describe, expect, test } from 'vitest'
import { runContext } from '../../../src/context.js'
import { ArchiveError } from '../../../src/errors.js'
import type { Image } from '../../../src/model/image.js'
import { packagesIn, type PackagesOptions } from '../../../src/ops/packages/list.js'
import { osReleaseIn, readOSRelease } from '../../../src/ops/packages/os-release.js'
import { purlOf } from '../../../src/ops/packages/purl.js'
import { directory, file, missingLayer, symlink, type LayerEntry } from '../../support/layers.js'
import { ndbDatabase, rpmHeader } from '../../support/rpm.js'
import { storedImage } from '../../support/stored-image.js'
import { mergeEntries } from '../../support/trees.js'

const context = runContext()
const listed = (image: Image, options: Partial<PackagesOptions> = {}) =>
  packagesIn(image, { archive: 'test.tar', ...options }, context)

const DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n'
const stanza = (name: string, version: string, architecture = 'amd64') =>
  `Package: ${name}\nStatus: install ok installed\nArchitecture: ${architecture}\nVersion: ${version}\n`
const status = (...stanzas: string[]): LayerEntry => file('var/lib/dpkg/status', { content: stanzas.join('\n') })
const wheel = (name: string, version: string): LayerEntry =>
  file(`usr/lib/python3/${name}.dist-info/METADATA`, { content: `Name: ${name}\nVersion: ${version}\n` })
const module = (name: string, version: string, below = 'srv'): LayerEntry =>
  file(`${below}/node_modules/${name}/package.json`, { content: JSON.stringify({ name, version }) })

const app = storedImage({
  layers: [
    [
      file('usr/lib/os-release', { content: DEBIAN }),
      directory('etc'),
      symlink('etc/os-release', '../usr/lib/os-release'),
      status(stanza('libc6', '2.36-9'), stanza('zlib1g', '1:1.2.13'), stanza('curl', '7.88.1-10+deb12u5')),
      wheel('Foo_Bar', '1.0'),
    ],
    [status(stanza('libc6', '2.36-9'), stanza('curl', '7.88.1-10+deb12u6'), stanza('libc6', '2.36-9', 'i386'))],
    [module('@scope/left', '1.0.0'), module('right', '2.0.0-rc.1'), module('right', '1.0.0', 'srv/node_modules/right')],
    [status(stanza('libc6', '2.36-9'), stanza('curl', '7.88.1-10+deb12u6'), stanza('zlib1g', '1:1.2.13'))],
  ],
  history: [
    { created_by: 'ADD rootfs' },
    { created_by: 'CMD', empty_layer: true },
    { created_by: 'RUN apt-get upgrade' },
    { created_by: 'RUN npm install' },
    {},
  ],
})

describe('the packages of an image', () => {
  test('are told with the layer from which on they are there in that version', async () => {
    const { packages } = await listed(app)
    expect(packages.map(({ name, version, layer, path }) => [name, version, layer, path])).toEqual([
      ['curl', '7.88.1-10+deb12u6', 1, undefined],
      ['libc6', '2.36-9', 0, undefined],
      // It was gone in between.
      ['zlib1g', '1:1.2.13', 3, undefined],
      ['Foo_Bar', '1.0', 0, '/usr/lib/python3'],
      ['@scope/left', '1.0.0', 2, '/srv/node_modules/@scope/left'],
      ['right', '1.0.0', 2, '/srv/node_modules/right/node_modules/right'],
      ['right', '2.0.0-rc.1', 2, '/srv/node_modules/right'],
    ])
  })

  test('are told with the steps of their layers, and which Linux it is', async () => {
    const { layers, distro } = await listed(app)
    expect(distro).toEqual({ id: 'debian', versionID: '12', name: 'Debian GNU/Linux 12 (bookworm)' })
    const told = layers.map(({ layer, createdBy, packages }) => [layer, createdBy, packages])
    expect(told).toEqual([
      [0, 'ADD rootfs', 2],
      [1, 'RUN apt-get upgrade', 1],
      [2, 'RUN npm install', 3],
      [3, undefined, 1],
    ])
    expect(layers.map(({ diffID }) => diffID)).toEqual(app.layers.map(({ claims }) => claims.diffID))
  })

  test('are there since the layer that brought them back, where the whole database or its content was gone', async () => {
    const whole = [status(stanza('a', '1'))]
    const since = async (...gap: LayerEntry[][]) => {
      const { packages } = await listed(storedImage({ layers: [whole, ...gap, whole] }))
      return packages.map(({ name, layer }) => `${name} ${layer}`)
    }
    expect(await since()).toEqual(['a 0'])
    expect(await since([file('other')])).toEqual(['a 0'])
    expect(await since([file('var/lib/dpkg/.wh.status')])).toEqual(['a 2'])
    expect(await since([file('var/lib/dpkg/.wh.status')], [file('other')])).toEqual(['a 3'])
    expect(await since([status()])).toEqual(['a 2'])
    const { packages } = await listed(storedImage({ layers: [whole, [file('var/lib/dpkg/.wh.status')]] }))
    expect(packages).toEqual([])
  })

  test('may be those of some managers, or as of a layer', async () => {
    const names = async (options: Partial<PackagesOptions>) =>
      (await listed(app, options)).packages.map(({ name, architecture }) => [name, architecture].join(' ').trim())
    expect(await names({ managers: ['python', 'npm'] })).toEqual(['Foo_Bar', '@scope/left', 'right', 'right'])
    expect(await names({ layers: app.layers.slice(0, 2) })).toEqual([
      'curl amd64',
      'libc6 amd64',
      'libc6 i386',
      'Foo_Bar',
    ])
  })

  test('are those that could be read where a layer is lost', async () => {
    const gone = new ArchiveError('ERR_NOT_FOUND', 'gone')
    const layers = app.layers.map((one) => (one.index === 2 ? missingLayer(2, gone) : one))
    const { packages, found } = await listed({ ...app, layers })
    expect(packages.map(({ manager }) => manager)).toEqual(['dpkg', 'dpkg', 'dpkg', 'python'])
    expect(found.map(({ code }) => code)).toEqual(['LAYER_MISSING'])
  })

  test('are none in an image without a database, or without layers', async () => {
    const nothing = { distro: null, packages: [], unread: [], found: [] }
    expect(await listed(storedImage({ layers: [[file('a')]] }))).toMatchObject(nothing)
    expect(await listed(storedImage({ layers: [] }))).toEqual({ ...nothing, layers: [] })
  })

  test('are not those of a database in the format of old rpms, which is named', async () => {
    const meta = new Uint8Array(64)
    new DataView(meta.buffer).setUint32(12, 0x00061561, true)
    const content = String.fromCharCode(...meta)
    const { packages, unread } = await listed(storedImage({ layers: [[file('var/lib/rpm/Packages', { content })]] }))
    expect([packages, unread]).toEqual([[], ['/var/lib/rpm/Packages']])
    const header = rpmHeader({ name: 'a', version: '1', release: '2', files: [] })
    const newer = file('var/lib/rpm/Packages', { content: String.fromCharCode(...ndbDatabase([header])) })
    const rebuilt = await listed(storedImage({ layers: [[file('var/lib/rpm/Packages', { content })], [newer]] }))
    expect(rebuilt.packages.map(({ name, version, layer }) => [name, version, layer])).toEqual([['a', '1-2', 1]])
    expect(rebuilt.unread).toEqual([])
  })
})

describe('a package URL', () => {
  const debian = { id: 'debian', versionID: '12' }
  test.each([
    [
      { manager: 'dpkg', name: 'attr', version: '1:2.4-2', architecture: 'amd64' },
      'pkg:deb/debian/attr@1:2.4-2?arch=amd64&distro=debian-12',
    ],
    [{ manager: 'apk', name: 'musl', version: '1.2-r4' }, 'pkg:apk/debian/musl@1.2-r4?distro=debian-12'],
    [
      { manager: 'rpm', name: 'x', version: '1:2-3', architecture: 'noarch' },
      'pkg:rpm/debian/x@2-3?arch=noarch&distro=debian-12&epoch=1',
    ],
    [{ manager: 'python', name: 'Foo_Bar', version: '1.0' }, 'pkg:pypi/foo-bar@1.0'],
    [{ manager: 'npm', name: '@scope/a', version: '1.0.0' }, 'pkg:npm/%40scope/a@1.0.0'],
    [{ manager: 'npm', name: 'a', version: '1.0.0' }, 'pkg:npm/a@1.0.0'],
    [{ manager: 'npm', name: '', version: '1.0.0' }, undefined],
  ] as const)('of %j is %s', (row, purl) => {
    expect(purlOf(row, debian)).toBe(purl)
  })

  test('of a distribution names it, without a version where it has none', () => {
    const row = { manager: 'apk', name: 'a', version: '1' } as const
    expect(purlOf(row, { id: 'arch' })).toBe('pkg:apk/arch/a@1?distro=arch')
    expect(purlOf(row, null)).toBeUndefined()
  })
})

describe('an os-release', () => {
  const read = (text: string) => readOSRelease(new TextEncoder().encode(text))
  test('has assignments as a shell has them', () => {
    expect(read(`# ID=no\nID='a b'\nVERSION_ID="1\\"2\\$"\r\nPRETTY_NAME=plain\nVERSION_ID \n`)).toEqual({
      id: 'a b',
      versionID: '1"2$',
      name: 'plain',
    })
    expect(read('ID=alpine')).toEqual({ id: 'alpine' })
    expect(read('NAME=none\nID=\n')).toBeNull()
  })

  test('is in /etc, else below /usr', async () => {
    const both = [file('etc/os-release', { content: 'ID=a' }), file('usr/lib/os-release', { content: 'ID=b' })]
    const [one, other, none] = await Promise.all(
      [both, both.slice(1), [directory('etc/os-release')]].map((entries) => mergeEntries(entries)),
    )
    expect([one, other, none].map((merged) => merged && osReleaseIn(merged.tree)?.path)).toEqual([
      'etc/os-release',
      'usr/lib/os-release',
      undefined,
    ])
  })
})
