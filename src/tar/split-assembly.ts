import { decompress, sniffCompression } from '../bytes/compression.js'
import { fileSource, slice, chunksOf } from '../bytes/source.js'
import type { Limits } from '../context.js'
import { ArchiveError } from '../errors.js'
import { displayPath } from './path.js'
import { assembleSplit, checkSplit, type AssembleOptions, type SplitFault } from './split-assemble.js'
import { openLocator, type FileLocator } from './split-locator.js'
import type { SplitEntry } from './split-line.js'
import { readSplit } from './split-read.js'
import { splitSize } from './split-size.js'
import { stackedLookup } from './split-stack.js'

/** A layer that is kept as a tar-split sidecar and files. Plain data: a worker can be told. */
export interface SplitAssembly {
  /** Of the sidecar, for messages. */
  readonly location: string
  readonly sidecar: { readonly file: string; readonly offset: number; readonly size: number }
  readonly files: FileLocator
  /** Where the layers below it lie, which a rootless daemon mounts to unpack the layer into the whole; see StackedTree. */
  readonly below?: readonly string[]
}

/** What the work on an assembly needs of the run. */
export interface AssemblyContext {
  readonly limits: Limits
  readonly signal?: AbortSignal | undefined
  onFault(fault: SplitFault): void
}

/** The tar of an assembly; see assembleSplit. Errors: those of readSplit, and of the sidecar's compression. */
export async function* assembledTar(
  assembly: SplitAssembly,
  context: AssemblyContext & Pick<AssembleOptions, 'checkContents' | 'missing'>,
): AsyncGenerator<Uint8Array> {
  using stored = openLocator(assembly.files)
  const files = stackedLookup(stored, assembly.files.base, assembly.below)
  yield* assembleSplit(sidecarEntries(assembly, context.limits), { ...context, files })
}

/**
 * The tar of an assembly for those who must have the original: the first file that is not as it was stops it. Errors:
 * ERR_DIGEST, and those of assembledTar.
 */
export async function* exactTar(
  assembly: SplitAssembly,
  { limits, signal, checkContents }: Omit<AssemblyContext, 'onFault'> & { readonly checkContents: boolean },
): AsyncGenerator<Uint8Array> {
  const onFault = (fault: SplitFault) => {
    if (onlyGrew(fault)) return
    const { rawName, problem } = fault
    throw new ArchiveError('ERR_DIGEST', `a file of the layer is not as it was (${problem}): ${displayPath(rawName)}`, {
      location: assembly.location,
      hint: 'imgtar census lists every damaged file; imgtar recover --lossy makes do with what is there',
    })
  }
  yield* assembledTar(assembly, { limits, signal, onFault, checkContents })
}

// What was put behind a file is not taken: the tar comes out as it was.
function onlyGrew({ problem, size, actualSize = 0, crc, actualCrc = crc }: SplitFault): boolean {
  return problem === 'size' && actualSize > size && actualCrc === crc
}

/** Checks every file of an assembly; see checkSplit. */
export async function checkAssembly(
  assembly: SplitAssembly,
  context: AssemblyContext,
): Promise<{ readonly files: number; readonly bytes: number }> {
  using stored = openLocator(assembly.files)
  const files = stackedLookup(stored, assembly.files.base, assembly.below)
  return await checkSplit(sidecarEntries(assembly, context.limits), { ...context, files })
}

/** The entries of an assembly's sidecar. Errors: those of readSplit, and of the sidecar's compression. */
export async function* sidecarEntries(assembly: SplitAssembly, limits: Limits): AsyncGenerator<readonly SplitEntry[]> {
  const { location } = assembly
  yield* readSplit(sidecarChunks(assembly, limits), { limits, location })
}

/** Bytes of the tar of an assembly; see splitSize. */
export function assembledSize(assembly: SplitAssembly, limits: Limits): Promise<number> {
  const { location } = assembly
  return splitSize(sidecarChunks(assembly, limits), { limits, location })
}

async function* sidecarChunks({ location, sidecar }: SplitAssembly, limits: Limits): AsyncGenerator<Uint8Array> {
  await using file = await fileSource(sidecar.file, location)
  const source = slice(file, { offset: sidecar.offset, length: sidecar.size }, location)
  // What a crash left of it; even that of a tar of no bytes is compressed, and tar-split refuses it too.
  if (source.size === 0)
    throw new ArchiveError('ERR_TRUNCATED', 'the tar-split.json.gz is empty', { location, offset: 0 })
  yield* decompress(await sniffCompression(source), chunksOf(source), { limits, location })
}
