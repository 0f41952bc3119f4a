import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const IMGTAR = fileURLToPath(new URL('../bin/imgtar.mjs', import.meta.url))
const sha256 = (text) => `sha256:${createHash('sha256').update(text).digest('hex')}`

/** A layer taken apart as docker keeps it: answers with its sidecar, beside which `files` lies. Made once. */
export function takenApart(folder, layer, say) {
  const sidecar = join(folder, 'tar-split.json.gz')
  if (!existsSync(folder)) {
    say(`making ${folder}`)
    const partial = `${folder}.partial`
    rmSync(partial, { recursive: true, force: true })
    mkdirSync(partial, { recursive: true })
    disassemble(layer, join(partial, 'tar-split.json.gz'), join(partial, 'files'))
    renameSync(partial, folder)
  }
  return sidecar
}

/** Takes a layer apart, and answers with its diffID. */
function disassemble(layer, sidecar, files) {
  const words = [IMGTAR, 'tar-split', 'disassemble', layer, '-o', sidecar, '--files', files, '--json']
  return JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8' })).digest
}

/** Bytes of all files, as docker counts a layer. */
function bytesBelow(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries.reduce(
    (sum, entry) => sum + (entry.isFile() ? lstatSync(join(entry.parentPath, entry.name)).size : 0),
    0,
  )
}

/** The data-root of a stopped docker with overlay2 that has one image of these layers: answers with its path. Made once. */
export function dataRoot(folder, layers, { say, configOf }) {
  if (existsSync(folder)) return folder
  say(`making ${folder}`)
  const partial = `${folder}.partial`
  rmSync(partial, { recursive: true, force: true })
  const write = (path, text) => {
    mkdirSync(join(partial, path, '..'), { recursive: true })
    writeFileSync(join(partial, path), text)
  }
  const diffIDs = []
  let parent
  for (const [index, layer] of layers.entries()) {
    const cacheID = String(index).padStart(64, '0')
    const sidecar = join(partial, `${cacheID}.json.gz`)
    mkdirSync(join(partial, 'overlay2', cacheID), { recursive: true })
    const diffID = disassemble(layer, sidecar, join(partial, 'overlay2', cacheID, 'diff'))
    const chainID = parent === undefined ? diffID : sha256(`${parent} ${diffID}`)
    const record = `image/overlay2/layerdb/sha256/${chainID.slice('sha256:'.length)}`
    write(`${record}/diff`, diffID)
    write(`${record}/cache-id`, cacheID)
    write(`${record}/size`, String(bytesBelow(join(partial, 'overlay2', cacheID, 'diff'))))
    if (parent !== undefined) write(`${record}/parent`, parent)
    renameSync(sidecar, join(partial, record, 'tar-split.json.gz'))
    diffIDs.push(diffID.slice('sha256:'.length))
    parent = chainID
  }
  const config = configOf(diffIDs)
  const id = sha256(config)
  write(`image/overlay2/imagedb/content/sha256/${id.slice('sha256:'.length)}`, config)
  const Repositories = { 'imgtar-bench': { 'imgtar-bench:save': id } }
  write('image/overlay2/repositories.json', JSON.stringify({ Repositories }))
  renameSync(partial, folder)
  return folder
}
