// Leaves beside each file of the bundle what V8 compiles of it in a few ordinary runs: src/cli/load-bundle.ts takes it from
// there. Run by bundle.mjs, in a process of its own that has the flags of the command line.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleLoader, COMPILED } from '../dist/cli/load-bundle.js'
import { askForSmallHeap } from '../dist/cli/small-heap.js'

const at = (path) => fileURLToPath(new URL(path, import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'imgtar-build-'))
const sample = at('../samples/app.tar')
const other = at('../samples/app-2.tar')
const output = (name) => ['-q', '-o', join(scratch, name)]
const RUNS = [
  ['verify', '-q', sample],
  ['verify', '-q', '--for', 'all', sample],
  ['diff', '-q', sample, other],
  ['images', '-q', sample],
  ['ls', '-q', sample],
  ['export', sample, ...output('rootfs.tar')],
  ['import', join(scratch, 'rootfs.tar'), '-t', 'a:1', ...output('image.tar')],
  ['save', sample, '--compress', 'gzip', ...output('layout.tar')],
]

const loaded = new Map()
const load = bundleLoader((path, script) => loaded.set(path, script))
const { main } = load('main.js')
try {
  for (const words of RUNS) {
    await main(words)
    if (process.exitCode === 2) throw new Error(`imgtar ${words.join(' ')} failed`)
  }
} finally {
  rmSync(scratch, { recursive: true })
}

// Threads that were started took flags back.
askForSmallHeap()
for (const [path, script] of loaded) writeFileSync(path + COMPILED, script.createCachedData())
process.exitCode = 0
