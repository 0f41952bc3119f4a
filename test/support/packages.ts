import { createHash } from 'node:crypto'
import { ndbDatabase, rpmHeader } from './rpm.js'
import { directory, file, layerTar, symlink, type LayerEntry } from './layers.js'

/** Text that looks like no other, of that many bytes. */
export function noise(name: string, length: number): string {
  let text = ''
  for (let turn = 0; text.length < length; turn++) {
    const digest = createHash('sha256')
      .update(`${name} ${String(turn)}`)
      .digest()
    text += digest.toString('latin1')
  }
  return text.slice(0, length)
}

const sum = (algorithm: string, content: string): Buffer =>
  createHash(algorithm).update(Buffer.from(content, 'latin1')).digest()

const DEBIAN: readonly (readonly [string, string])[] = [
  ['usr/bin/greet', noise('greet', 9000)],
  ['usr/lib/greet/greet.so', noise('greet.so', 20_000)],
  ['usr/share/greet/words', noise('words', 3000)],
]

/** A layer with a package of dpkg; /lib is a link, as it is on Debian. */
export function dpkgLayer(): Uint8Array {
  const lines = DEBIAN.map(([path, content]) => {
    const listed = path.startsWith('usr/lib/') ? path.slice(4) : path
    return `${sum('md5', content).toString('hex')}  ${listed}\n`
  })
  return layerTar([
    directory('usr/'),
    directory('usr/lib/'),
    symlink('lib', 'usr/lib'),
    ...DEBIAN.map(([path, content]) => file(path, { content })),
    file('var/lib/dpkg/status', { content: 'Package: greet\nStatus: install ok installed\nVersion: 1\n' }),
    file('var/lib/dpkg/info/greet.md5sums', { content: lines.join('') }),
  ])
}

const ALPINE: readonly (readonly [string, string, string])[] = [
  ['opt/alpine/bin', 'tool', noise('tool', 12_000)],
  ['opt/alpine/lib', 'libtool.so', noise('libtool', 8000)],
]

/** A layer with a package of apk. */
export function apkLayer(): Uint8Array {
  const lines = ALPINE.flatMap(([folder, name, content]) => [
    `F:${folder}`,
    `R:${name}`,
    `Z:Q1${sum('sha1', content).toString('base64')}`,
  ])
  const installed = ['C:Q1x=', 'P:tool', 'V:1-r0', ...lines, '', ''].join('\n')
  return layerTar([
    ...ALPINE.map(([folder, name, content]) => file(`${folder}/${name}`, { content })),
    file('lib/apk/db/installed', { content: installed }),
  ])
}

const SITE = 'usr/lib/python3/site-packages'
const PYTHON: readonly (readonly [string, string])[] = [
  ['demo/__init__.py', noise('init', 700)],
  ['demo/core, really.py', noise('core', 15_000)],
]

/** A layer with a distribution of Python. */
export function pythonLayer(): Uint8Array {
  const rows = PYTHON.map(([path, content]) => {
    const name = path.includes(',') ? `"${path}"` : path
    return `${name},sha256=${sum('sha256', content).toString('base64url')},${content.length}\r\n`
  })
  const entries: LayerEntry[] = PYTHON.map(([path, content]) => file(`${SITE}/${path}`, { content }))
  return layerTar([
    ...entries,
    file(`${SITE}/demo-1.dist-info/METADATA`, { content: 'Name: demo\nVersion: 1\n' }),
    file(`${SITE}/demo-1.dist-info/RECORD`, { content: [...rows, 'demo-1.dist-info/RECORD,,\r\n'].join('') }),
  ])
}

const FEDORA: readonly (readonly [string, string])[] = [
  ['usr/bin/hello', noise('hello', 10_000)],
  ['usr/libexec/hello/worker', noise('worker', 7000)],
  ['etc/hello.conf', 'changed = yes\n'],
]

/** The database of rpm in `rpmLayer`. */
export const RPM_DATABASE = 'usr/lib/sysimage/rpm/Packages.db'

/** A layer with a package of rpm; its configuration file was changed after it was installed. */
export function rpmLayer(): Uint8Array {
  const header = rpmHeader({
    name: 'hello',
    version: '2',
    release: '1.fc40',
    files: FEDORA.map(([path]) => `/${path}`),
    digests: {
      algorithm: 8,
      sums: FEDORA.map(([path, content]) => sum('sha256', path.startsWith('etc/') ? '' : content).toString('hex')),
    },
    flags: FEDORA.map(([path]) => (path.startsWith('etc/') ? 0x11 : 0)),
  })
  return layerTar([
    ...FEDORA.map(([path, content]) => file(path, { content })),
    file(RPM_DATABASE, { content: Buffer.from(ndbDatabase([header])).toString('latin1') }),
  ])
}
