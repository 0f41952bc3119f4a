import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { digest, dockerSave, packed } from '../../support/archives.js'
import { directory, file, hardlink, layerTar, symlink, type LayerEntry } from '../../support/layers.js'
import { exportedEntries, withoutTypeBits, type ExportedEntry } from '../../support/exported.js'
import { inspectImage, removeImages } from './image.js'
import { docker, ENGINES, imgtar, workFolder } from './support.js'

const TIME = 1_600_000_000_000_000_000n
const CAPABILITY = '\x01\0\0\x02\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0'

/** Where layers get into each other's way, and everything that an entry can be. */
const HARD: readonly (readonly LayerEntry[])[] = [
  [
    directory('links'),
    file('links/t1', { content: '123' }),
    hardlink('links/t2', 'links/t1'),
    hardlink('links/t3', 'links/t1'),
    symlink('links/s1', 't1'),
    hardlink('links/s2', 'links/s1'),
    file('links/first', { content: 'stays with the others' }),
    hardlink('links/second', 'links/first'),
    hardlink('links/third', 'links/first'),
    directory('opaque', { uid: 7 }),
    file('opaque/old', { content: 'old' }),
    directory('opaque/sub'),
    file('opaque/sub/old'),
    directory('becomes-file'),
    file('becomes-file/f'),
    file('becomes-directory', { content: 'x' }),
    symlink('becomes-directory-too', 'links'),
    directory('gone'),
    file('gone/f'),
    directory('emptied'),
    file('emptied/f'),
    directory('metadata', { mode: 0o755 }),
    file('metadata/f', { content: 'kept' }),
  ],
  [
    directory('links'),
    file('links/t1', { content: '456' }),
    file('links/.wh.first'),
    directory('opaque', { uid: 8, mtimeNs: TIME }),
    file('opaque/.wh..wh..opq'),
    file('opaque/new', { content: 'new' }),
    file('becomes-file', { content: 'now a file' }),
    directory('becomes-directory'),
    file('becomes-directory/f', { content: 'in it' }),
    directory('becomes-directory-too'),
    file('becomes-directory-too/f', { content: 'in it too' }),
    file('.wh.gone'),
    directory('emptied', { mtimeNs: TIME }),
    file('emptied/.wh.f'),
    directory('metadata', { mode: 0o1700, gid: 9, mtimeNs: TIME + 999_999_999n }),
  ],
  [
    directory('odd'),
    file('odd/setuid', { mode: 0o4755, content: 's' }),
    file('odd/setgid', { mode: 0o2711 }),
    directory('odd/sticky', { mode: 0o1777 }),
    file('odd/nobody-reads', { mode: 0 }),
    file('odd/big-ids', { uid: 3_000_000, gid: 4_294_967_294 }),
    file('odd/capable', { content: 'c', xattrs: { 'security.capability': CAPABILITY } }),
    file('odd/gr\xf6\xdfe', { content: 'not UTF-8' }),
    file('odd/gr\xc3\xb6\xc3\x9fe', { content: 'UTF-8' }),
    file('odd/before-1970', { mtimeNs: -86_400_000_000_000n }),
    file('odd/fraction', { mtimeNs: TIME + 123_456_789n }),
    file('odd/char', { type: 'char', device: [1, 3], mode: 0o666 }),
    hardlink('odd/char-too', 'odd/char', { mode: 0o600, gid: 7 }),
    file('odd/relinked', { content: 'r', mode: 0o600, xattrs: { 'security.capability': CAPABILITY } }),
    hardlink('odd/relinked-again', 'odd/relinked', { uid: 5, mode: 0o640 }),
    hardlink('odd/relinked-last', 'odd/relinked-again', { uid: 6, mode: 0o4711, mtimeNs: TIME }),
    symlink('odd/symlink', 'capable'),
    hardlink('odd/symlink-too', 'odd/symlink', { uid: 5 }),
    file('odd/block', { type: 'block', device: [259, 70_000] }),
    file('odd/pipe', { type: 'fifo' }),
    symlink('odd/absolute', '/etc/passwd'),
    symlink('odd/dangling', '../../../nowhere'),
    symlink('odd/long', 'a/'.repeat(80) + 'b'),
    file(`odd/${'n'.repeat(255)}`, { content: 'a long name' }),
    directory(`odd/${'d'.repeat(98)}`),
    file(`odd/${'d'.repeat(98)}/f`, { content: 'split' }),
    file('odd/a'),
    directory('odd/a.d'),
    file('odd/a.d/f'),
    file('odd/a-b'),
  ],
]

// 136 - mtime, the last block of the headers being the entry's own.
const timeOf = ({ header }: ExportedEntry): number => Number.parseInt(header.slice(-512).slice(136, 147), 8)
const timeless = (entries: readonly ExportedEntry[]) =>
  withoutTypeBits(entries).map(({ path, header, content }) => {
    const block = header.slice(-504) // no checksum
    return { path, header: header.slice(0, -504) + block.slice(0, 136) + block.slice(148), content }
  })

for (const engine of ENGINES) {
  describe.skipIf(engine.host === '')(`a root filesystem as ${engine.name} has it`, () => {
    const name = `imgtar-flat-${String(process.pid)}`
    const work = workFolder()
    const at = (file: string) => join(work.path, file)
    const layers = HARD.map(layerTar)

    /** What `docker create` and `docker export` make of an image. */
    const exported = (image: string): Uint8Array => {
      docker(engine, 'create', '--name', name, '--network', 'none', image, '/nothing')
      try {
        docker(engine, 'export', '-o', at('docker.tar'), name)
      } finally {
        docker(engine, 'rm', '-f', name)
      }
      return readFileSync(at('docker.tar'))
    }
    const flat = (...args: string[]): Uint8Array => {
      expect(imgtar('export', ...args, '-o', at('imgtar.tar'), '--force')).toMatchObject({ status: 0 })
      return readFileSync(at('imgtar.tar'))
    }
    /** Loads an archive that imgtar wrote; the ID that imgtar printed must be the daemon's. */
    const loaded = (...args: string[]): string => {
      const { status, stdout, stderr } = imgtar(...args, '-o', at('made.tar'), '--force', '--json')
      expect(stderr).toBe('')
      expect(status).toBe(0)
      const [image] = (JSON.parse(stdout) as { images: { imageID: string; digest: string }[] }).images
      docker(engine, 'load', '-i', at('made.tar'))
      const { Id } = inspectImage(engine, `${name}:1`)
      expect(Id).toBe(engine.store === 'classic' ? image?.imageID : image?.digest)
      return `${name}:1`
    }

    beforeAll(() => {
      writeFileSync(at('hard.tar'), packed(dockerSave({ names: [`${name}:1`], layers })))
      docker(engine, 'load', '-i', at('hard.tar'))
    })
    afterAll(() => {
      removeImages(engine, `${name}:1`)
      work.remove()
    })

    test('imgtar export gives the same entries, byte for byte', () => {
      const [own, theirs] = [exportedEntries(flat(at('hard.tar'))), exportedEntries(exported(`${name}:1`))]
      expect(own.length).toBeGreaterThan(40)
      expect(withoutTypeBits(own)).toEqual(withoutTypeBits(theirs))
      if (/docker 2[68]/.test(engine.name)) expect(own).toEqual(theirs)
    })

    test.each([
      ['all layers', []],
      ['two layers', ['--layers', '2']],
    ])('imgtar squash of %s loads, and its files are what they were', (_, options) => {
      const before = flat(at('hard.tar'), '--xattrs')
      const image = loaded('squash', at('hard.tar'), ...options)
      expect(Buffer.compare(flat(at('made.tar'), '--xattrs'), before)).toBe(0)
      expect(withoutTypeBits(exportedEntries(exported(image)))).toEqual(
        withoutTypeBits(exportedEntries(flat(at('hard.tar')))),
      )
    })

    test('imgtar strip loads, and only what was stripped is gone', () => {
      const before = exportedEntries(flat(at('hard.tar')))
      const image = loaded('strip', at('hard.tar'), 'links/t[123]', 'odd/setuid', 'metadata', 'odd/d*')
      const gone = /^(?:links\/t[123]|odd\/setuid|metadata|odd\/d[^/]*)(?:\/|$)/
      const left = before.filter(({ path }) => !gone.test(path))
      expect(before.length - left.length).toBeGreaterThan(7)
      expect(withoutTypeBits(exportedEntries(exported(image)))).toEqual(withoutTypeBits(left))
    })

    test('imgtar retime loads, and nothing but times is another one', () => {
      const LAST = 946_684_800
      const before = exportedEntries(flat(at('hard.tar')))
      const image = loaded('retime', at('hard.tar'), '--clamp', `${LAST}`)
      const after = exportedEntries(exported(image))
      expect(timeless(after)).toEqual(timeless(before))
      expect(before.every((entry) => timeOf(entry) > LAST || entry.path === 'odd/before-1970')).toBe(true)
      expect(after.every((entry) => timeOf(entry) === LAST || entry.path === 'odd/before-1970')).toBe(true)
    })

    test('imgtar append loads, the layer on top', () => {
      writeFileSync(at('layer.tar'), layerTar([file('appended', { content: 'on top' })]))
      const image = loaded('append', at('hard.tar'), at('layer.tar'))
      expect(inspectImage(engine, image).RootFS.Layers.at(-1)).toBe(digest(readFileSync(at('layer.tar'))))
      expect(exportedEntries(exported(image)).map(({ path }) => path)).toContain('appended')
    })

    test('imgtar rebase loads, the layers of the new base below', () => {
      const patched = layerTar([directory('links'), file('links/t1', { content: 'patched' })])
      const [base, own, top] = layers
      if (base === undefined || own === undefined || top === undefined) throw new Error('three layers')
      writeFileSync(at('old.tar'), packed(dockerSave({ names: ['old:1'], layers: [base, own] })))
      writeFileSync(at('new.tar'), packed(dockerSave({ names: ['new:1'], layers: [patched] })))
      const image = loaded('rebase', at('hard.tar'), '--old-base', at('old.tar'), '--new-base', at('new.tar'))
      expect(inspectImage(engine, image).RootFS.Layers).toEqual([digest(patched), digest(top)])
      expect(withoutTypeBits(exportedEntries(exported(image)))).toEqual(
        withoutTypeBits(exportedEntries(flat(at('made.tar')))),
      )
    })
  })
}
