import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  createReadStream,
  createWriteStream,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pipeline } from 'node:stream/promises'
import * as zlib from 'node:zlib'
import { dataRoot, takenApart } from './data-root.mjs'
import { isOnPath } from './on-path.mjs'
import { smallFileLayers, systemLayers } from './layers.mjs'

const IMGTAR = fileURLToPath(new URL('../bin/imgtar.mjs', import.meta.url))
const GZIP = 'application/vnd.oci.image.layer.v1.tar+gzip'
const ZSTD = 'application/vnd.oci.image.layer.v1.tar+zstd'

/**
 * Makes what the benchmark reads, once: a docker-save of nine layers, the same as an OCI archive of gzip and of zstd
 * blobs, and a docker-save of many small files; with `huge` also one of 5.9 GB. Answers with the path of each; `zstd` is
 * missing where nothing here can compress with it.
 */
export async function makeInputs(folder, { quick, huge, say }) {
  const layers = once(join(folder, 'layers'), say, (to) => systemLayers(to, quick ? 100e6 : 1e9))
  // A larger image, for commands that take about as long as a copy: what they take to start counts less.
  const large = once(join(folder, 'large'), say, (to) => systemLayers(to, quick ? 147e6 : 1.47e9))
  const small = once(join(folder, 'small'), say, (to) => smallFileLayers(to, quick ? 10_000 : 100_000))
  const many = (name, first) =>
    once(join(folder, name), say, (to) => smallFileLayers(to, quick ? 15_000 : 150_000, { most: 1024, first }))
  const inputs = {
    save: dockerSave(join(folder, 'save.tar'), await layers, say),
    large: dockerSave(join(folder, 'large.tar'), await large, say),
    // A second version of the first: one layer less.
    next: dockerSave(join(folder, 'next.tar'), (await layers).toSpliced(-2, 1), say),
    files: dockerSave(join(folder, 'files.tar'), await small, say),
    // Two images of 150,000 files that have none in common.
    many: dockerSave(join(folder, 'many.tar'), await many('many', 0), say),
    'many others': dockerSave(join(folder, 'many-others.tar'), await many('many-others', 4), say),
    'one layer': dockerSave(join(folder, 'one-layer.tar'), (await layers).slice(0, 1), say),
    tiny: dockerSave(join(folder, 'tiny.tar'), (await layers).slice(-1), say),
    gzip: ociArchive(join(folder, 'gzip.tar'), await layers, { say, suffix: 'gz', mediaType: GZIP, by: gzipped }),
  }
  inputs.split = takenApart(join(folder, 'split'), (await layers)[0], say)
  inputs.flat = flatTar(join(folder, 'large-flat.tar'), await inputs.large, say)
  if (huge) {
    const layers = once(join(folder, 'huge'), say, (to) => systemLayers(to, quick ? 590e6 : 5.9e9))
    inputs.huge = dockerSave(join(folder, 'huge.tar'), await layers, say)
    inputs['huge flat'] = flatTar(join(folder, 'huge-flat.tar'), await inputs.huge, say)
  }
  inputs.root = dataRoot(join(folder, 'root'), await layers, { say, configOf })
  if (isOnPath('zstd')) {
    inputs.zstd = ociArchive(join(folder, 'zstd.tar'), await layers, {
      say,
      suffix: 'zst',
      mediaType: ZSTD,
      by: zstded,
    })
  }
  return Object.fromEntries(await Promise.all(Object.entries(inputs).map(async ([name, made]) => [name, await made])))
}

function flatTar(file, save, say) {
  if (!existsSync(file)) {
    say(`making ${file}`)
    execFileSync(process.execPath, [IMGTAR, 'export', '-q', save, '-o', file])
  }
  return file
}

/** The layer blobs behind an input, for tools that know no archives. */
export const blobsOf = (folder, suffix) => {
  return filesIn(join(folder, 'layers'), `.tar.${suffix}`)
}

async function once(folder, say, make) {
  if (!existsSync(folder)) {
    say(`making ${folder}`)
    const partial = `${folder}.partial`
    rmSync(partial, { recursive: true, force: true })
    mkdirSync(partial, { recursive: true })
    await make(partial)
    renameSync(partial, folder)
  }
  return filesIn(folder, '.tar')
}

function filesIn(folder, ending) {
  const names = readdirSync(folder).filter((name) => name.endsWith(ending))
  return names.sort().map((name) => join(folder, name))
}

async function dockerSave(file, layers, say) {
  return archive(file, say, async (root) => {
    const diffIDs = await Promise.all(layers.map(sha256))
    const config = Buffer.from(configOf(diffIDs))
    const configName = `${hex(config)}.json`
    writeFileSync(join(root, configName), config)
    diffIDs.forEach((id, index) => {
      mkdirSync(join(root, id), { recursive: true })
      linkSync(layers[index], join(root, id, 'layer.tar'))
    })
    const Layers = diffIDs.map((id) => `${id}/layer.tar`)
    const names = file.split('/').at(-1).replace('.tar', '')
    const manifest = [{ Config: configName, RepoTags: [`imgtar-bench:${names}`], Layers }]
    writeFileSync(join(root, 'manifest.json'), JSON.stringify(manifest))
  })
}

async function ociArchive(file, layers, { say, suffix, mediaType, by }) {
  return archive(file, say, async (root) => {
    mkdirSync(join(root, 'blobs/sha256'), { recursive: true })
    const put = (bytes, type) => {
      writeFileSync(join(root, 'blobs/sha256', hex(bytes)), bytes)
      return { mediaType: type, digest: `sha256:${hex(bytes)}`, size: bytes.length }
    }
    const descriptors = []
    for (const layer of layers) {
      const blob = `${layer}.${suffix}`
      if (!existsSync(blob)) {
        await by(layer, `${blob}.partial`)
        renameSync(`${blob}.partial`, blob)
      }
      const name = await sha256(blob)
      linkSync(blob, join(root, 'blobs/sha256', name))
      descriptors.push({ mediaType, digest: `sha256:${name}`, size: statSync(blob).size })
    }
    const config = put(
      Buffer.from(configOf(await Promise.all(layers.map(sha256)))),
      'application/vnd.oci.image.config.v1+json',
    )
    const manifestType = 'application/vnd.oci.image.manifest.v1+json'
    const text = JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config, layers: descriptors })
    const manifest = put(Buffer.from(text), manifestType)
    writeFileSync(join(root, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [manifest] }))
    writeFileSync(join(root, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  })
}

async function archive(file, say, fill) {
  if (existsSync(file)) return file
  say(`making ${file}`)
  const root = `${file}.partial`
  rmSync(root, { recursive: true, force: true })
  mkdirSync(root, { recursive: true })
  await fill(root)
  execFileSync('tar', [
    '--sort=name',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--hard-dereference',
    '-cf',
    `${root}.tar`,
    '-C',
    root,
    ...readdirSync(root).sort(), // by their names, not as `./manifest.json`, which crane does not find
  ])
  rmSync(root, { recursive: true })
  renameSync(`${root}.tar`, file)
  return file
}

function configOf(diffIDs) {
  return JSON.stringify({
    created: '2026-01-01T00:00:00Z',
    architecture: 'amd64',
    os: 'linux',
    config: { Cmd: ['sh'] },
    rootfs: { type: 'layers', diff_ids: diffIDs.map((id) => `sha256:${id}`) },
    history: diffIDs.map((_, index) => ({ created: '2026-01-01T00:00:00Z', created_by: `layer ${index}` })),
  })
}

const hex = (bytes) => createHash('sha256').update(bytes).digest('hex')

async function sha256(file) {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk)
  return hash.digest('hex')
}

async function gzipped(from, to) {
  await pipeline(createReadStream(from), zlib.createGzip({ level: 6 }), createWriteStream(to))
}

async function zstded(from, to) {
  execFileSync('zstd', ['-q', '-f', '-3', from, '-o', to])
}
