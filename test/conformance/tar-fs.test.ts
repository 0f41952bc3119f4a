import { createReadStream, createWriteStream } from 'node:fs'
import { lstat, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import tarFS from 'tar-fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { hybrid, ociLayout, packed, PLAIN } from '../support/archives.js'
import { directory, file, hardlink, layerTar, symlink } from '../support/layers.js'
import { run } from '../cli/run.js'

// tar-fs is a second opinion on what others make of our archives and directories, where it is fit to have one: on layouts
// and on files without owners and oddities.

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imgtar-tar-fs-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const at = (name: string): string => join(folder, name)
const go = async (...args: string[]): Promise<void> => {
  expect(await run(args, { cwd: folder })).toMatchObject({ exitCode: 0, stderr: '' })
}

/** All files below a directory by path, with their contents. */
async function filesBelow(name: string): Promise<Map<string, string>> {
  const entries = await readdir(at(name), { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const read = async (path: string) => [path.slice(at(name).length), await readFile(path, 'latin1')] as const
  return new Map((await Promise.all(paths.map(read))).sort())
}

test('an OCI archive that tar-fs unpacks is the OCI directory, and the directory that it packs is the same image', async () => {
  await writeFile(at('app.tar'), packed(ociLayout(PLAIN)))
  await go('save', 'app.tar', '-o', 'oci-archive:archive.tar')
  await go('save', 'app.tar', '-o', 'oci:directory')
  await pipeline(createReadStream(at('archive.tar')), tarFS.extract(at('unpacked')))
  expect(await filesBelow('unpacked')).toEqual(await filesBelow('directory'))
  await pipeline(tarFS.pack(at('directory')), createWriteStream(at('packed.tar')))
  await go('verify', '-q', 'packed.tar')
  await go('save', 'packed.tar', '-o', 'oci-archive:again.tar')
  expect((await readFile(at('again.tar'))).equals(await readFile(at('archive.tar')))).toBe(true)
})

test('what imgtar extracts of a plain layer is what tar-fs makes of it', async () => {
  const layer = layerTar([
    directory('etc', { mode: 0o750 }),
    file('etc/os', { content: 'name\n', mode: 0o640 }),
    hardlink('etc/same', 'etc/os', { mode: 0o640 }),
    symlink('etc/link', 'os'),
    directory('empty'),
    file(`${'deep/'.repeat(30)}f`, { content: 'x' }),
  ])
  await writeFile(at('app.tar'), packed(hybrid({ names: ['app:1'], layers: [layer] })))
  await writeFile(at('layer.tar'), layer)
  await go('extract', 'app.tar', '-o', 'ours', '--no-same-owner')
  await pipeline(createReadStream(at('layer.tar')), tarFS.extract(at('theirs')))
  const listing = async (name: string) => {
    const paths = (await readdir(at(name), { recursive: true })).sort()
    return Promise.all(
      paths.map(async (path) => {
        const { mode, nlink } = await lstat(join(at(name), path))
        return `${path} ${mode.toString(8)} ${String(nlink)}`
      }),
    )
  }
  expect(await listing('ours')).toEqual(await listing('theirs'))
  expect(await filesBelow('ours')).toEqual(await filesBelow('theirs'))
})
