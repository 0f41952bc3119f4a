import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { digestOf, diffIDOf, hexOf } from '../../src/bytes/digest.js'
import { DEFAULT_LIMITS } from '../../src/context.js'
import { chainIDs } from '../../src/model/chain-id.js'
import { fileTree } from '../../src/ops/tar-split-files.js'
import { disassembler } from '../../src/tar/split-disassemble.js'
import { splitLines } from '../../src/tar/split-write.js'
import { concatenated } from './chunks.js'

/** A data-root in the making: what docker 20.10 with overlay2 leaves behind. */
export interface RootFixture extends Disposable {
  readonly path: string
  /** The folder of the files of a layer. */
  diff(layer: Uint8Array): string
  /** Where a chain's record lies. */
  record(...layers: readonly Uint8Array[]): string
  write(path: string, content: string | Uint8Array): void
  /** Adds an image of these layers, base first; gives its ID. */
  image(names: readonly string[], ...layers: readonly Uint8Array[]): string
  /** Adds a container on these layers; gives the folder of what it wrote. */
  container(name: string, imageID: string, ...layers: readonly Uint8Array[]): string
}

/** The sidecar of a tar, uncompressed, and its files below `directory` where one is given. */
export function sidecarOf(tar: Uint8Array, directory?: string): Uint8Array {
  using files = directory === undefined ? undefined : fileTree(directory)
  const line = splitLines()
  const lines: Uint8Array[] = []
  const split = disassembler(
    {
      onSplit: (entry) => void lines.push(line(entry)),
      onFile: (entry) => files?.begin(entry),
      onContent: (chunk) => files?.write(chunk),
    },
    DEFAULT_LIMITS,
    'layer.tar',
  )
  split.push(tar)
  split.end()
  return concatenated(...lines)
}

/** An empty data-root in a temporary folder, which goes away with it. */
export function dataRoot(): RootFixture {
  const path = mkdtempSync(join(tmpdir(), 'imgtar-root-'))
  const names = new Map<string, string>()
  const write = (file: string, content: string | Uint8Array) => {
    mkdirSync(dirname(join(path, file)), { recursive: true })
    writeFileSync(join(path, file), content)
  }
  const chainsOf = (layers: readonly Uint8Array[]) => chainIDs(layers.map((layer) => diffIDOf(digestOf(layer))))
  const recordOf = (chainID: string) => `image/overlay2/layerdb/sha256/${hexOf(chainID)}`
  const cacheOf = (layer: Uint8Array) => hexOf(digestOf(concatenated(layer, Uint8Array.of(1))))
  const register = (layers: readonly Uint8Array[]) => {
    const chains = chainsOf(layers)
    for (const [index, layer] of layers.entries()) {
      const record = recordOf(chains[index] ?? '')
      const diff = join(path, 'overlay2', cacheOf(layer), 'diff')
      rmSync(diff, { recursive: true, force: true })
      mkdirSync(diff, { recursive: true })
      write(`${record}/tar-split.json.gz`, gzipSync(sidecarOf(layer, diff)))
      write(`${record}/diff`, digestOf(layer))
      write(`${record}/cache-id`, cacheOf(layer))
      write(`${record}/size`, '1')
      if (index > 0) write(`${record}/parent`, chains[index - 1] ?? '')
    }
    return chains
  }
  return {
    path,
    write,
    diff: (layer) => join(path, 'overlay2', cacheOf(layer), 'diff'),
    record: (...layers) => join(path, recordOf(chainsOf(layers).at(-1) ?? '')),
    image(own, ...layers) {
      register(layers)
      const diffIDs = layers.map((layer) => digestOf(layer))
      const history = diffIDs.map((_, at) => ({ created_by: `step ${String(at)}` }))
      const config = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: diffIDs }, history }
      const bytes = new TextEncoder().encode(JSON.stringify({ config: {}, names: own, ...config }))
      const id = digestOf(bytes)
      write(`image/overlay2/imagedb/content/sha256/${hexOf(id)}`, bytes)
      for (const name of own) names.set(name, id)
      const byRepository: Record<string, Record<string, string>> = {}
      for (const [name, image] of names) (byRepository[name.replace(/:.*/, '')] ??= {})[name] = image
      write('image/overlay2/repositories.json', JSON.stringify({ Repositories: byRepository }))
      return id
    },
    container(name, imageID, ...layers) {
      const chains = register(layers)
      const id = hexOf(digestOf(new TextEncoder().encode(name)))
      const mounts = `image/overlay2/layerdb/mounts/${id}`
      write(`${mounts}/mount-id`, id)
      write(`${mounts}/init-id`, `${id}-init`)
      write(`${mounts}/parent`, chains.at(-1) ?? '')
      const config = { ID: id, Name: `/${name}`, Image: imageID, Driver: 'overlay2', Created: '2020-01-01T00:00:00Z' }
      write(`containers/${id}/config.v2.json`, JSON.stringify(config))
      mkdirSync(join(path, 'overlay2', `${id}-init`, 'diff'), { recursive: true })
      mkdirSync(join(path, 'overlay2', id, 'diff'), { recursive: true })
      mkdirSync(join(path, 'overlay2', 'l'), { recursive: true })
      return join(path, 'overlay2', id, 'diff')
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}

/** A symlink in a fixture. */
export function link(target: string, path: string): void {
  symlinkSync(target, path)
}
