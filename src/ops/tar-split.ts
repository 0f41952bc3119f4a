import { refuseAborted } from '../errors.js'
import { compress } from '../bytes/compression.js'
import { hasher, type Digest } from '../bytes/digest.js'
import { hasherFor } from '../bytes/hash-beside.js'
import type { Output } from '../bytes/output.js'
import type { RunContext } from '../context.js'
import type { TarEntry } from '../tar/entry.js'
import type { SplitFault } from '../tar/split-assemble.js'
import { assembledTar, checkAssembly, type SplitAssembly } from '../tar/split-assembly.js'
import { disassembler } from '../tar/split-disassemble.js'
import { splitLines } from '../tar/split-write.js'
import { fileTree } from './tar-split-files.js'

/** What was read or written. */
export interface SplitTotals {
  /** Files with content. */
  readonly files: number
  /** Bytes of the tar; of the files alone where they were only checked. */
  readonly bytes: number
  /** sha256 of the tar. */
  readonly digest?: Digest
  /** Every file that is not what the sidecar says. */
  readonly faults: readonly SplitFault[]
}

/**
 * Takes a tar apart into a gzipped sidecar as docker writes it, and its files below `directory` where one is given.
 * Errors: ERR_TAR_HEADER and the like where it is no whole tar, ERR_DOCUMENT for a path that stands there twice, ERR_OUTPUT.
 */
export async function disassemble(
  tar: AsyncIterable<Uint8Array>,
  output: Output,
  { directory, location }: { readonly directory?: string; readonly location: string },
  context: RunContext,
): Promise<SplitTotals> {
  const hash = hasher()
  let [bytes, files] = [0, 0]
  using tree = directory === undefined ? undefined : fileTree(directory)
  async function* lines(): AsyncGenerator<Uint8Array> {
    const line = splitLines()
    const ready: Uint8Array[] = []
    const handlers = {
      onSplit(entry: Parameters<typeof line>[0]) {
        if (entry.kind === 'file' && entry.size > 0) files += 1
        ready.push(line(entry))
      },
      ...(tree && {
        onFile: (entry: TarEntry) => tree.begin(entry),
        onContent: (chunk: Uint8Array) => tree.write(chunk),
      }),
    }
    const split = disassembler(handlers, context.limits, location)
    for await (const chunk of tar) {
      refuseAborted(context.signal)
      hash.update(chunk)
      bytes += chunk.length
      split.push(chunk)
      yield* ready.splice(0)
    }
    split.end()
    yield* ready
  }
  for await (const chunk of compress('gzip', lines(), { reproducible: true })) await output.write(chunk)
  return { files, bytes, digest: hash.digest(), faults: [] }
}

/**
 * Puts a tar together; with faults, what was written is not the tar. While this thread reads and checks files, the system
 * writes what was read before, and another thread takes the digest. Errors: those of readSplit, ERR_OUTPUT.
 */
export async function assemble(assembly: SplitAssembly, output: Output, context: RunContext): Promise<SplitTotals> {
  using hash = hasherFor(undefined, context.concurrency)
  const faults: SplitFault[] = []
  const onFault = (fault: SplitFault) => void faults.push(fault)
  const { limits, signal } = context
  let bytes = 0
  let writing: Promise<unknown> = Promise.resolve()
  // A sidecar may say that exabytes are missing, and with one byte missing nobody wants the tar.
  const missing = 'nothing'
  for await (const chunk of assembledTar(assembly, { limits, signal, onFault, checkContents: true, missing })) {
    await writing
    writing = Promise.all([output.write(chunk), hash.update(chunk)])
    writing.catch(() => undefined) // awaited above and below, or lost with a worse error
    bytes += chunk.length
    context.onProgress?.({ task: 'assemble', subject: assembly.location, done: bytes })
  }
  await writing
  return { files: 0, bytes, digest: await hash.digest(), faults }
}

/** Holds every file against its checksum and size, and tells all that differ. Errors: those of readSplit. */
export async function check(assembly: SplitAssembly, { limits, signal }: RunContext): Promise<SplitTotals> {
  const faults: SplitFault[] = []
  const onFault = (fault: SplitFault) => void faults.push(fault)
  const { files, bytes } = await checkAssembly(assembly, { limits, signal, onFault })
  return { files, bytes, faults }
}
