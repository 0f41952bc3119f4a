import { addAbortSignal } from 'node:stream'
import type { OpenSource } from '../bytes/source.js'
import type { RunContext } from '../context.js'
import { ArchiveError } from '../errors.js'
import type { ImageChoice } from '../formats/operand.js'
import type { GivenBytes } from '../formats/stored.js'
import type { ImageArchive } from '../model/image.js'
import type { Platform } from '../model/platform.js'
import type { Selection } from '../model/select.js'
import type { GlobalValues } from './options.js'

/** What opening an operand depends on. */
export interface OpenSettings {
  readonly globals: GlobalValues
  readonly context: RunContext
  /** `once` where layers are only measured, `random` where their contents are read again. */
  readonly access: 'once' | 'random'
  /** The bytes to read in place of the path's, where they are at hand already. */
  readonly given?: GivenBytes | undefined
}

/**
 * Opens an operand (`[transport:]path[:ref|:@n]`, `-` is stdin); its images are those that the operand and `--platform`
 * mean. Errors: those of parseOperand, openArchive and selectImages.
 */
export async function openOperand(text: string, settings: OpenSettings): Promise<ImageArchive> {
  const [{ openArchive }, { parseOperand }, { parsePlatform }, { selectImages }] = await Promise.all([
    import('../formats/index.js'),
    import('../formats/operand.js'),
    import('../model/platform.js'),
    import('../model/select.js'),
  ])
  const { globals, context, access, given } = settings
  const { path, transport, choice } = await parseOperand(text)
  if (choice?.kind === 'container' && transport !== 'docker-root') {
    const hint = 'containers are in the data-root of a docker: docker-root:PATH:@container=NAME'
    throw new ArchiveError('ERR_REFERENCE', 'an archive has no containers', { location: path, hint })
  }
  const platform = globals.platform === undefined ? undefined : parsePlatform(globals.platform)
  const archive = await openArchive(path, context, {
    access,
    ...(transport !== undefined && { transport }),
    ...(platform !== undefined && { platform }),
    ...(choice?.kind === 'container' && { container: choice.container }),
    ...(given ?? (await givenFor(path, context))),
  }).catch(async (error: unknown) => {
    throw (await import('./no-such-archive.js')).noSuchArchive(error, text)
  })
  if (choice === undefined && platform === undefined) return archive
  try {
    const images = selectImages(archive, selectionOf(choice, platform))
    return { ...archive, images, [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose]() }
  } catch (error) {
    await archive[Symbol.asyncDispose]()
    throw error
  }
}

/** What `:REF`, `:@N` and `--platform` mean among the images of an archive. */
export function selectionOf(choice: ImageChoice | undefined, platform: Platform | undefined): Selection {
  return {
    ...(choice?.kind === 'name' && { name: choice.name }),
    ...(choice?.kind === 'index' && { index: choice.index }),
    ...(platform !== undefined && { platform }),
  }
}

/**
 * What a path names, where that can be read once only: `-` is standard input, others are pipes such as `<(command)`.
 * Errors: ERR_USAGE for a terminal, and for standard input that was read before.
 */
export async function streamAt(path: string, context: RunContext): Promise<AsyncIterable<Uint8Array> | undefined> {
  if (path === '-') return standardInput(context)
  const { pipeAt } = await import('../bytes/pipe.js')
  return pipeAt(path, context.signal)
}

/** The same as what the readers of formats take; empty where they find the bytes themselves. Errors: those of streamAt. */
export async function givenFor(path: string, context: RunContext): Promise<GivenBytes> {
  const stdin = await streamAt(path, context)
  return stdin === undefined ? {} : { stdin }
}

/**
 * Opens the bytes of a path to be read anywhere: what can be read once only is written to a temporary file that goes with
 * the source. Errors: those of streamAt, ERR_NOT_FOUND, ERR_IO, ERR_ABORTED.
 */
export async function openBytes(path: string, context: RunContext): Promise<OpenSource> {
  const stream = await streamAt(path, context)
  if (stream === undefined) return (await import('../bytes/source.js')).fileSource(path)
  return (await import('../bytes/spool.js')).spool(stream, path, context.signal)
}

/** Standard input, which is not to be a terminal, nor read before. Errors: ERR_USAGE. */
function standardInput({ signal }: RunContext): AsyncIterable<Uint8Array> {
  if (process.stdin.isTTY) {
    throw new ArchiveError('ERR_USAGE', 'standard input is a terminal', { hint: 'docker save app | imgtar verify -' })
  }
  if (process.stdin.readableDidRead) {
    const hint = 'other pipes have names: <(docker save app)'
    throw new ArchiveError('ERR_USAGE', 'standard input can be read only once', { hint })
  }
  // Nothing may ever come down a pipe: waiting for it must end with the interruption.
  return signal === undefined ? process.stdin : addAbortSignal(signal, process.stdin)
}
