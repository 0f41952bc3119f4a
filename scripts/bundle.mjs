// The command line starts from a few files instead of 300 modules: to find, open and compile each of them took a third of
// a short run. The library stays as tsc writes it. See docs/decisions.md.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const dist = fileURLToPath(new URL('../dist/', import.meta.url))
const out = join(dist, 'bundle')

const workers = readdirSync(dist, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('-worker.js') && !file.startsWith('bundle'))
  .map((file) => join(dist, file))
// One that does whole commands shares the code of the command line. The others are small: each in a file of its own, with
// nothing that it does not need, starts in a third of the time.
const large = workers.filter((file) => basename(file) === 'verdict-worker.js')
const small = workers.filter((file) => !large.includes(file))

// yargs measures texts for a help that is never printed; the expressions that tell emoji take 20 ms to compile.
const WIDTH = '\0width-for-yargs'
const plainWidths = {
  name: 'plain-widths-for-yargs',
  resolveId: (id, importer) =>
    id === 'string-width' && /node_modules[\\/](yargs|cliui|wrap-ansi)[\\/]/.test(importer ?? '') ? WIDTH : null,
  load: (id) => (id === WIDTH ? 'export default (text) => text.length' : null),
}

/** The folder of the package that a module belongs to; undefined for our own. */
function packageOf(module) {
  return /^\0?(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)/.exec(module)?.[1]
}

/** What the authors of the bundled packages ask to be told with every copy. */
function licenses(modules) {
  const folders = [...new Set(modules.map(packageOf))].filter((folder) => folder !== undefined).sort()
  return folders.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
    const text = file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim()
    return `${name} ${version} (${license})\n\n${text}\n`
  })
}

// A module that one place imports late and another at once lands in the latter's file, which is as well. And yargs would
// find configurations that extend others by import.meta.resolve.
const HARMLESS = ['INEFFECTIVE_DYNAMIC_IMPORT', 'EMPTY_IMPORT_META']

const OPTIONS = {
  platform: 'node',
  plugins: [plainWidths],
  onLog(level, log) {
    if (!HARMLESS.includes(log.code)) throw new Error(`${level}: ${log.message}`)
  },
}

/** Writes the modules that `files` need; what it wrote. All in one folder: threads are started by names beside the asker. */
async function bundled(files, codeSplitting) {
  const input = Object.fromEntries(files.map((file) => [basename(file, '.js'), file]))
  const bundle = await rolldown({ ...OPTIONS, input })
  const names = { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' }
  const { output } = await bundle.write({ dir: out, format: 'cjs', ...names, codeSplitting })
  await bundle.close()
  return output
}

// To find and open a file costs more than to compile a few functions in vain: what most commands need is in one.
const CORE = {
  groups: [
    { name: 'bytes', test: /[\\/]dist[\\/](bytes|tar)[\\/]/, minShareCount: 8, priority: 1 },
    { name: 'core', test: /[\\/]dist[\\/](?!cli[\\/])/, minShareCount: 8 },
  ],
}

// Other processes may be running from the files of before: they go last, and the new ones have names of their own.
const before = existsSync(out) ? readdirSync(out) : []
// What was compiled of other code goes first: V8 tells that only by its length.
for (const file of before) if (file.endsWith('.compiled')) rmSync(join(out, file), { force: true })
const output = await bundled([join(dist, 'cli', 'main.js'), ...large], CORE)
for (const file of small) output.push(...(await bundled([file], true)))
const written = new Set(output.map(({ fileName }) => fileName))
for (const file of before) if (!written.has(file)) rmSync(join(out, file), { force: true })
// V8 cannot compile ahead what is loaded as an ES module.
writeFileSync(join(out, 'package.json'), '{ "type": "commonjs" }\n')
// Compiled ahead, a file can import nothing late but what lies beside it.
for (const { type, fileName, dynamicImports = [] } of output) {
  const strangers = dynamicImports.filter((name) => !written.has(name))
  if (type === 'chunk' && strangers.length > 0) throw new Error(`${fileName} imports ${strangers.join(', ')} late`)
}
const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []))
writeFileSync(join(out, 'LICENSES.txt'), licenses(modules).join('\n----\n\n'))
execFileSync(process.execPath, [fileURLToPath(new URL('compile-bundle.mjs', import.meta.url))], { stdio: 'inherit' })
