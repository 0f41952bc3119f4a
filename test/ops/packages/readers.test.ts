import { describe, expect, test } from 'vitest'
import { apk } from '../../../src/ops/packages/apk.js'
import { dpkg } from '../../../src/ops/packages/dpkg.js'
import { openHeader, rpmPaths } from '../../../src/ops/packages/rpm-header.js'
import { npm } from '../../../src/ops/packages/npm.js'
import type { PackageReader } from '../../../src/ops/packages/package.js'
import { python } from '../../../src/ops/packages/python.js'
import { isBerkeleyDB, rpm } from '../../../src/ops/packages/rpm.js'
import { walkTree } from '../../../src/tree/tree.js'
import { directory, file } from '../../support/layers.js'
import { mergeEntries } from '../../support/trees.js'
import { diffOf } from '../diff/support.js'
import { ndbDatabase, rpmHeader } from '../../support/rpm.js'

const read = (reader: PackageReader, path: string, text: string) =>
  Array.from(reader.read(path, new TextEncoder().encode(text)), ({ name, version }) => `${name} ${version}`)

describe('the database of', () => {
  test('dpkg tells what has files in the tree, and what was only left behind', () => {
    const stanza = (name: string, state: string) =>
      `Package: ${name}\nStatus: ${state}\nVersion: 1:2-3\nDescription: x\n y: z\n`
    const status = [
      stanza('a', 'install ok installed'),
      stanza('b', 'install ok unpacked'),
      stanza('c', 'deinstall ok config-files'),
      stanza('d', 'purge ok not-installed'),
    ]
    expect(read(dpkg, 'var/lib/dpkg/status', status.join('\n'))).toEqual(['a 1:2-3', 'b 1:2-3'])
  })

  test('dpkg without a status is that of a distroless image', async () => {
    const { tree } = await mergeEntries([
      file('var/lib/dpkg/status.d/base', { content: 'Package: base\nVersion: 1\n' }),
      file('var/lib/dpkg/status.d/base.md5sums'),
    ])
    expect(Array.from(dpkg.databases(tree, []), ({ path }) => path)).toEqual(['var/lib/dpkg/status.d/base'])
    expect(read(dpkg, 'var/lib/dpkg/status.d/base', 'Package: base\nVersion: 1\n')).toEqual(['base 1'])
  })

  test('apk tells packages and their files', () => {
    const text = 'P:musl\nV:1.2.3-r4\nF:lib\nR:libc.so\n\nP:busybox\nV:1.36-r0\nF:\nR:top\n\n'
    const [musl, busybox] = apk.read('lib/apk/db/installed', new TextEncoder().encode(text))
    expect([musl?.name, musl?.files]).toEqual(['musl', { kind: 'paths', paths: ['lib', 'lib/libc.so'] }])
    expect(busybox?.files).toEqual({ kind: 'paths', paths: ['', 'top'] })
  })

  test('rpm in ndb tells a package once where all slots lead to it, and no more names than a budget allows', () => {
    const header = rpmHeader({ name: 'a', version: '1', release: '1', files: ['/x', '/y', '/z'] })
    const bytes = ndbDatabase([header])
    for (let slot = 48; slot < 4096; slot += 16) bytes.copyWithin(slot, 32, 48)
    expect([...rpm.read('Packages.db', bytes)].length).toBeLessThan(4096 / header.length + 3)
    const budget = { left: 2 }
    const opened = openHeader(header)
    expect(opened && [rpmPaths(opened, budget), rpmPaths(opened, budget)]).toEqual([['x', 'y'], []])
  })

  test('rpm in ndb tells packages, and skips slots that are empty', () => {
    const header = rpmHeader({ name: 'zypper', version: '1', release: '2', files: ['/usr/bin/zypper'] })
    const found = [...rpm.read('Packages.db', ndbDatabase([header, header]))]
    expect(found.map(({ name, files }) => [name, files])).toEqual([
      ['zypper', { kind: 'paths', paths: ['usr/bin/zypper'] }],
      ['zypper', { kind: 'paths', paths: ['usr/bin/zypper'] }],
    ])
  })

  test('rpm in BerkeleyDB is known by its magic', () => {
    const bytes = new Uint8Array(4096)
    new DataView(bytes.buffer).setUint32(12, 0x00061561, true)
    expect([isBerkeleyDB(bytes), isBerkeleyDB(new Uint8Array(4096))]).toEqual([true, false])
  })

  test('Python is the metadata of each distribution', () => {
    const text = 'Metadata-Version: 2.1\nName: requests\nVersion: 2.31.0\n\nName: not-this\n'
    expect(read(python, 'usr/lib/python3/site-packages/requests-2.31.0.dist-info/METADATA', text)).toEqual([
      'requests 2.31.0',
    ])
  })

  test('npm is every package.json of a package, and no other', async () => {
    const { tree } = await mergeEntries([
      file('app/package.json'),
      file('app/node_modules/a/package.json'),
      file('app/node_modules/@s/b/package.json'),
      file('app/node_modules/a/lib/package.json'),
      file('app/node_modules/a/node_modules/c/package.json'),
    ])
    expect(Array.from(npm.databases(tree, [...walkTree(tree)]), ({ path }) => path)).toEqual([
      'app/node_modules/@s/b/package.json',
      'app/node_modules/a/node_modules/c/package.json',
      'app/node_modules/a/package.json',
    ])
    expect(read(npm, 'x', '{"name":"a","version":"1.0.0"}')).toEqual(['a 1.0.0'])
    expect(read(npm, 'x', 'no json')).toEqual([])
  })
})

describe('changed packages', () => {
  const status = (version: string) => `Package: tool\nStatus: install ok installed\nVersion: ${version}\n`
  const image = (version: string) => [
    [
      directory('usr'),
      directory('usr/lib'),
      { path: 'lib', type: 'symlink' as const, linkPath: 'usr/lib' },
      file('usr/lib/tool', { content: version }),
      file('etc/mine', { content: version }),
      file('var/lib/dpkg/status', { content: status(version) }),
      file('var/lib/dpkg/info/tool.list', { content: '/.\n/lib/tool\n' }),
      file('srv/node_modules/left/package.json', { content: JSON.stringify({ name: 'left', version }) }),
      file('srv/node_modules/left/index.js', { content: version }),
      file('opt/x-1.dist-info/METADATA', { content: `Name: x\nVersion: ${version}\n` }),
      file('opt/x-1.dist-info/RECORD', {
        content: `x-1.dist-info/METADATA,,\n"x/a,b.py",sha256=z,${version.length}\nx-1.dist-info/RECORD,,\n`,
      }),
      file('opt/x/a,b.py', { content: version }),
    ],
  ]

  test('are told with their versions, and take their files with them, through links too', async () => {
    const { packages, files } = await diffOf(image('1.0'), image('1.0.1'))
    expect(packages.changes.map(({ id, change, a, b }) => [id, change, a, b])).toEqual([
      ['dpkg:tool', 'upgraded', '1.0', '1.0.1'],
      ['npm:left', 'upgraded', '1.0', '1.0.1'],
      ['python:x', 'upgraded', '1.0', '1.0.1'],
    ])
    expect(files.map((change) => [change.path, packages.folded.get(change)])).toEqual([
      ['etc/mine', undefined],
      ['opt/x/a,b.py', 'python:x'],
      ['opt/x-1.dist-info/METADATA', 'python:x'],
      ['opt/x-1.dist-info/RECORD', 'python:x'],
      ['srv/node_modules/left/index.js', 'npm:left'],
      ['srv/node_modules/left/package.json', 'npm:left'],
      ['usr/lib/tool', 'dpkg:tool'],
      ['var/lib/dpkg/status', 'dpkg'],
    ])
  })
})
