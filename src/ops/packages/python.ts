import { textOf, type PackageReader } from './package.js'

const METADATA = /^(?:(.*)\/)?[^/]+\.(?:dist-info\/METADATA|egg-info\/PKG-INFO)$/
const EGG_FILE = /^(?:(.*)\/)?[^/]+\.egg-info$/

/** Python distributions: the metadata of dist-info and egg-info wherever they lie, files by RECORD (PEP 376). */
export const python: PackageReader = {
  manager: 'python',
  *databases(_tree, changed) {
    for (const file of changed) {
      const { path, node } = file
      if (node.inode.type === 'file' && path.includes('-info') && (METADATA.test(path) || EGG_FILE.test(path)))
        yield file
    }
  },
  *read(path, content) {
    const [head = ''] = textOf(content).split(/\r?\n\r?\n/)
    const field = (name: string) => new RegExp(`^${name}:[ \\t]*(.+?)[ \\t\\r]*$`, 'im').exec(head)?.[1]
    const [name, version] = [field('Name'), field('Version')]
    if (name === undefined || version === undefined) return
    const place = METADATA.exec(path)?.[1] ?? EGG_FILE.exec(path)?.[1] ?? ''
    const own = path.slice(0, path.lastIndexOf('/'))
    const lists = path.endsWith('METADATA') ? [`${own}/RECORD`] : [`${own}/installed-files.txt`]
    const base = path.endsWith('METADATA') ? place : own
    yield { manager: 'python', name, version, path: place, files: { kind: 'list', lists, base, column: 'csv' } }
  },
  keeps: () => false,
}
