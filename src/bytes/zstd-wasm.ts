// The types of WebAssembly come with the DOM's, which a library for Node does not load.
declare const WebAssembly: { Instance: new (module: object, imports: object) => { readonly exports: unknown } }

/** What zstddec's WASM exports, as far as a streaming decoder needs it; pointers and sizes are 32 bits. */
export interface ZstdExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  malloc(size: number): number
  ZSTD_createDCtx(): number
  ZSTD_decompressStream(context: number, output: number, input: number): number
}

const FUNCTIONS = ['malloc', 'ZSTD_createDCtx', 'ZSTD_decompressStream']

function areZstdExports(value: unknown): value is ZstdExports {
  if (typeof value !== 'object' || value === null || !('memory' in value)) return false
  return FUNCTIONS.every((name) => typeof Reflect.get(value, name) === 'function')
}

async function compileZstd(): Promise<object> {
  const { ZSTDDecoder } = await import('zstddec/stream')
  let compiled: unknown
  const decoder = new ZSTDDecoder()
  // Called when the module is compiled: we take it, and leave the decoder around it unused (it loops on damaged input).
  decoder._init = (result: object) => {
    compiled = Reflect.get(result, 'module')
  }
  await decoder.init()
  if (typeof compiled !== 'object' || compiled === null) throw new Error('zstddec gave no WASM module')
  return compiled
}

// Compiled once in a thread: code without state, and zstddec itself compiles only once.
let compiling: Promise<object> | undefined

/**
 * A zstd decoder with a memory of its own, which goes when the last reference goes: a window of 128 MiB stays nowhere,
 * and no other decoder can grow the memory under a chunk that somebody still reads. 0.7 ms each.
 */
export async function instantiateZstd(): Promise<ZstdExports> {
  compiling ??= compileZstd()
  const module = await compiling
  const { exports } = new WebAssembly.Instance(module, { env: { emscripten_notify_memory_growth: () => undefined } })
  if (!areZstdExports(exports)) throw new Error('the WASM of zstddec lacks an expected function')
  return exports
}
