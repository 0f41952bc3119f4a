import { execFileSync } from 'node:child_process'
import { createWriteStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { pack } from 'tar-stream'

// Sizes of layers as real images have them: a large base, a few middling ones, small ones on top.
const SHARES = [0.3, 0.22, 0.16, 0.12, 0.08, 0.06, 0.04, 0.015, 0.005]
const LARGEST_FILE = 40e6

/** Nine layers of files of this machine's /usr, `total` bytes together; what /usr lacks is generated. Base first. */
export function systemLayers(folder, total) {
  const files = filesOf('/usr')
  SHARES.forEach((share, index) => {
    const names = takeFiles(files, share * total)
    const layer = join(folder, `layer-${index}.tar`)
    const list = join(folder, 'list')
    const missing = share * total - names.size
    if (missing > share * total * 0.1) names.paths.push(generated(folder, index, missing))
    writeFileSync(list, names.paths.join('\0') + '\0')
    execFileSync('tar', ['--null', '--no-recursion', '-cf', layer, '-C', '/', '-T', list], {
      stdio: ['ignore', 'ignore', 'ignore'],
    })
    execFileSync('rm', ['-f', list, join(folder, `generated-${index}`)])
  })
}

function filesOf(root) {
  const text = execFileSync(
    'find',
    [root, '-xdev', '(', '-type', 'f', '-o', '-type', 'l', '-o', '-type', 'd', ')', '-printf', '%s\\t%p\\0'],
    {
      encoding: 'utf8',
      maxBuffer: 1e9,
    },
  )
  const rows = text
    .split('\0')
    .filter(Boolean)
    .map((row) => row.split('\t'))
  const files = rows
    .map(([size, path]) => ({ size: Number(size), path: path.slice(1) }))
    .filter(({ size }) => size < LARGEST_FILE)
  return files.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Takes files off the front until they weigh enough. */
function takeFiles(files, weight) {
  let [size, count] = [0, 0]
  while (size < weight && count < files.length) size += files[count++].size + 512
  return { size, paths: files.splice(0, count).map(({ path }) => path) }
}

function generated(folder, index, size) {
  const path = join(folder, `generated-${index}`)
  writeFileSync(path, halfRandom(Math.floor(size), random(index + 1)))
  return path.replace(/^\//, '')
}

/**
 * Four layers of `count` files in directories of a hundred; the same bytes every time. Files are smaller than `most`, 16 KiB
 * unless it is given; with another `first` they have nothing in common.
 */
export async function smallFileLayers(folder, count, { most = 16 * 1024, first = 0 } = {}) {
  for (let index = first; index < first + 4; index++) {
    const tar = pack()
    const written = pipeline(tar, createWriteStream(join(folder, `layer-${index}.tar`)))
    const next = random(index + 1)
    const content = halfRandom(64 * 1024, next)
    for (let file = 0; file < count / 4; file++) {
      const directory = `srv/app-${index}/node_modules/package-${Math.floor(file / 100)}`
      if (file % 100 === 0) tar.entry({ name: directory, type: 'directory' })
      const start = next() % (48 * 1024)
      const bytes = content.subarray(start, start + (next() % most))
      await new Promise((resolve, reject) => {
        tar.entry({ name: `${directory}/file-${file}.js`, mtime: new Date(0) }, Buffer.from(bytes), (error) =>
          error ? reject(error) : resolve(undefined),
        )
      })
    }
    tar.finalize()
    await written
  }
}

/** A xorshift generator of 32-bit numbers. */
function random(seed) {
  let state = seed * 0x9e3779b1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

/** Bytes that compress to about half. */
function halfRandom(size, next) {
  const bytes = Buffer.alloc(size)
  for (let at = 0; at < size; at++) bytes[at] = next() % 16
  return bytes
}
