import { open } from 'node:fs/promises'
import { compress } from '../../../bytes/compression.js'
import { diffIDOf, hasher, type DiffID } from '../../../bytes/digest.js'
import type { RunContext } from '../../../context.js'
import { ArchiveError, HINTS, refuseAborted } from '../../../errors.js'
import type { Layer } from '../../../model/image.js'
import { TAR_END_BYTES, paddingOf } from '../../../tar/write.js'
import { disassembler } from '../../../tar/split-disassemble.js'
import { splitLines } from '../../../tar/split-write.js'
import { overlayForm } from './overlay-form.js'
import { unpackInto, type Unpacking } from './system-tar.js'

/** Where the parts of a layer go. */
export interface LayerPlace {
  /** An empty directory for the files. */
  readonly files: string
  /** A file that is made: tar-split.json.gz. */
  readonly sidecar: string
}

/**
 * Unpacks a layer as overlay2 keeps it, and writes its sidecar, in one pass; gives the bytes of its files as docker counts
 * them. Errors: ERR_DIGEST where its tar has another diffID, ERR_OUTPUT, those of overlayForm and of a broken tar.
 */
export async function unpackLayer(
  layer: Layer,
  { files, sidecar }: LayerPlace,
  diffID: DiffID,
  context: RunContext,
): Promise<number> {
  const unpacking = unpackInto(files)
  const totals = { size: 0, diffID: undefined as DiffID | undefined }
  const file = await open(sidecar, 'wx', 0o644)
  try {
    for await (const chunk of compress('gzip', lines(layer, unpacking, totals, context))) await file.write(chunk)
    await unpacking.end()
    await file.sync()
  } finally {
    await unpacking.kill()
    await file.close()
  }
  if (totals.diffID === diffID) return totals.size
  const message = `layer ${layer.index} does not have the diffID that the config claims: ${totals.diffID ?? ''}, not ${diffID}`
  throw new ArchiveError('ERR_DIGEST', message, { location: layer.path, hint: HINTS.damaged })
}

async function* lines(
  layer: Layer,
  unpacking: Unpacking,
  totals: { size: number; diffID: DiffID | undefined },
  context: RunContext,
): AsyncGenerator<Uint8Array> {
  const form = overlayForm(layer.path, context.userNamespace)
  const line = splitLines()
  const hash = hasher()
  const [told, packed]: [Uint8Array[], Uint8Array[]] = [[], []]
  let padding = 0
  let written = 0
  const split = disassembler(
    {
      onSplit: (entry) => told.push(line(entry)),
      onFile(entry) {
        if (padding > 0) packed.push(new Uint8Array(padding))
        const header = form.headerOf(entry)
        const isFile = entry.type === 'file' && header.length > 0 && !isMarker(entry.path)
        padding = isFile ? paddingOf(entry.content.length) : 0
        written = isFile ? entry.content.length : 0
        // moby directory.Size: every inode that is no directory, by what lstat says.
        totals.size += entry.type === 'symlink' ? entry.rawLinkPath.length : written
        packed.push(header)
      },
      // Markers may have a content, which nobody looks at.
      onContent(chunk) {
        if (written > 0) packed.push(chunk.slice())
      },
    },
    context.limits,
    layer.path,
  )
  for await (const chunk of layer.tar(context)) {
    refuseAborted(context.signal)
    hash.update(chunk)
    split.push(chunk)
    for (const bytes of packed.splice(0)) await unpacking.write(bytes)
    yield* told.splice(0)
    context.onProgress?.({ task: 'unpack', subject: layer.path, done: totals.size })
  }
  split.end()
  yield* told
  if (padding > 0) packed.push(new Uint8Array(padding))
  for (const bytes of [...packed, new Uint8Array(TAR_END_BYTES)]) await unpacking.write(bytes)
  totals.diffID = diffIDOf(hash.digest())
}

function isMarker(path: string): boolean {
  return path.replace(/^.*\//, '').startsWith('.wh.')
}
