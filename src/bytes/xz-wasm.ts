/** What xz-decompress's WASM (xz-embedded) exports; one context decodes one input, all its streams in a row. */
export interface XzExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  create_context(): number
  supply_input(context: number, size: number): void
  get_next_output(context: number): number
}

const FUNCTIONS = ['create_context', 'supply_input', 'get_next_output']

function areXzExports(value: unknown): value is XzExports {
  if (typeof value !== 'object' || value === null || !('memory' in value)) return false
  return FUNCTIONS.every((name) => typeof Reflect.get(value, name) === 'function')
}

/**
 * An xz decoder with a memory of its own. The stream class around it is left unused: it lets one stream at a time run
 * in a thread, so that two that are read in turn wait for each other for ever.
 */
export async function instantiateXz(): Promise<XzExports> {
  // A CommonJS bundle whose names Node does not see: there they are on the default export, with other loaders beside it.
  const loaded: object = await import('xz-decompress')
  const bundle: unknown = 'XzReadableStream' in loaded ? loaded : Reflect.get(loaded, 'default')
  const streamClass: unknown = typeof bundle === 'object' && bundle !== null && Reflect.get(bundle, 'XzReadableStream')
  const instantiate: unknown = typeof streamClass === 'function' && Reflect.get(streamClass, '_getModuleInstance')
  if (typeof streamClass !== 'function' || typeof instantiate !== 'function') throw new Error('unknown xz-decompress')
  await Reflect.apply(instantiate, streamClass, [])
  const instance: unknown = Reflect.get(streamClass, '_moduleInstance')
  const exports: unknown = typeof instance === 'object' && instance !== null && Reflect.get(instance, 'exports')
  if (!areXzExports(exports)) throw new Error('the WASM of xz-decompress lacks an expected function')
  return exports
}
