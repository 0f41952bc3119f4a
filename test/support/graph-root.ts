import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { sidecarOf } from './data-root.js'

/** Storage drivers of docker up to 1.9; `graph` is what it had up to 0.6. */
export type GraphDriver = 'graph' | 'aufs' | 'vfs' | 'btrfs' | 'overlay' | 'devicemapper'

/** How an image of a fixture is kept. */
export interface GraphImageFields {
  readonly parent?: string
  readonly name?: string
  /** Bytes of its files, as docker counted them. */
  readonly size?: number
  /** The tar that it came as, where docker 1.8 or 1.9 took it apart. */
  readonly tar?: Uint8Array
}

/** A data-root of a docker up to 1.9 in the making. */
export interface GraphFixture extends Disposable {
  readonly path: string
  write(path: string, content: string | Uint8Array): void
  /** Adds an image; gives the folder of its files. */
  image(id: string, fields?: GraphImageFields): string
  /** Adds a container; gives the folder of what it wrote. */
  container(id: string, fields: { readonly image: string; readonly name?: string }): string
}

const HOMES: Record<GraphDriver, (id: string) => string> = {
  graph: (id) => `graph/${id}/layer`,
  aufs: (id) => `aufs/diff/${id}`,
  vfs: (id) => `vfs/dir/${id}`,
  btrfs: (id) => `btrfs/subvolumes/${id}`,
  overlay: (id) => `overlay/${id}/root`,
  devicemapper: (id) => `devicemapper/mnt/${id}`,
}

/** An ID that is easy to tell: 64 times the same digit. */
export const idOf = (digit: string): string => digit.repeat(64)

/** An empty data-root in a temporary folder, which goes away with it. */
export function graphRoot(driver: GraphDriver): GraphFixture {
  const path = mkdtempSync(join(tmpdir(), 'imgtar-graph-'))
  const names: Record<string, Record<string, string>> = {}
  const write = (file: string, content: string | Uint8Array) => {
    mkdirSync(dirname(join(path, file)), { recursive: true })
    writeFileSync(join(path, file), content)
  }
  const folder = (place: string) => {
    mkdirSync(join(path, place), { recursive: true })
    return join(path, place)
  }
  return {
    path,
    write,
    image(id, { parent, name, size = 1, tar } = {}) {
      const json = { id, ...(parent !== undefined && { parent }), created: '2013-09-01T00:00:00Z', config: {} }
      write(
        `graph/${id}/json`,
        JSON.stringify({ ...json, docker_version: '0.6.4', architecture: 'amd64', os: 'linux' }),
      )
      write(`graph/${id}/layersize`, String(size))
      if (name !== undefined) {
        const [repository = '', tag = 'latest'] = name.split(':')
        names[repository] = { ...names[repository], [tag]: id }
      }
      const file = driver === 'graph' ? 'repositories' : `repositories-${driver}`
      write(file, JSON.stringify({ Repositories: names }))
      const files = folder(HOMES[driver](id))
      if (tar !== undefined) write(`graph/${id}/tar-data.json.gz`, gzipSync(sidecarOf(tar, files)))
      return files
    },
    container(id, { image, name }) {
      const own = {
        ID: id,
        Created: '2013-09-02T00:00:00Z',
        Path: '/sh',
        Args: [],
        Config: { Cmd: ['/sh'] },
        Image: image,
      }
      const known = driver === 'graph' ? {} : { Driver: driver }
      write(`containers/${id}/config.json`, JSON.stringify({ ...own, ...known, ...(name && { Name: `/${name}` }) }))
      if (driver === 'graph') return folder(`containers/${id}/rw`)
      if (driver !== 'overlay') return folder(HOMES[driver](id))
      write(`overlay/${id}/lower-id`, image)
      return folder(`overlay/${id}/upper`)
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}

/** Changes the first byte of a file, and neither its size nor anything else. */
export function flipByte(file: string): void {
  const bytes = readFileSync(file)
  bytes[0] = (bytes[0] ?? 0) ^ 0xff
  writeFileSync(file, bytes)
}
