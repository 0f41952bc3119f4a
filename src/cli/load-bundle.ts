import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Script } from 'node:vm'
import { askForSmallHeap } from './small-heap.js'

/** Beside a file of the bundle: its functions, compiled by the Node that built it. */
export const COMPILED = '.compiled'

const BUNDLE = fileURLToPath(new URL('../bundle/', import.meta.url))

/** A file of the bundle that was loaded. */
export type OnLoaded = (path: string, script: Script) => void

/**
 * Loads files of the bundle, and what they need of it, with the compiled functions that lie beside them: to compile them
 * takes longer than most runs. V8 takes those of no other version and of no other flags; then it compiles as it goes.
 * Errors: those of the system, what the files throw.
 */
export function bundleLoader(onLoaded?: OnLoaded, folder = BUNDLE): (name: string) => unknown {
  const modules = new Map<string, { exports: unknown }>()
  const builtIn = createRequire(join(folder, 'main.js'))
  const load = (name: string): unknown => {
    const known = modules.get(name)
    if (known !== undefined) return known.exports
    const path = join(folder, name)
    const script = compiled(path)
    const module = { exports: {} as unknown }
    modules.set(name, module)
    const run = script.runInThisContext() as ModuleFunction // what `compiled` wraps
    run.call(module.exports, module.exports, required, module, path, folder)
    onLoaded?.(path, script)
    return module.exports
  }
  const required = (name: string): unknown => (name.startsWith('./') ? load(name.slice(2)) : builtIn(name))
  return load
}

// As Node's own loader of CommonJS calls them.
type ModuleFunction = (
  this: unknown,
  exports: unknown,
  require: (name: string) => unknown,
  module: { readonly exports: unknown },
  filename: string,
  dirname: string,
) => void

function compiled(path: string): Script {
  const source = readFileSync(path, 'utf8')
  // What is compiled belongs to the flags of its time, which a thread that started may have changed.
  askForSmallHeap()
  const cachedData = contentOf(path + COMPILED)
  return new Script(`(function (exports, require, module, __filename, __dirname) { ${source}\n})`, {
    filename: path,
    ...(cachedData && { cachedData }),
  })
}

function contentOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}
