import { join } from 'node:path'
import { inDirectory, type OutputDirectory } from '../../bytes/output-directory.js'
import { outputFiles, type OutputFiles } from '../../bytes/output-files.js'
import { chunksOf } from '../../bytes/source.js'
import type { RunContext } from '../../context.js'
import type { SalvagedImageReport, SalvagedPart, SalvageReport } from '../../model/report-salvage.js'
import type { ArchiveWriter } from '../archive-writer.js'
import { fileNameFor } from '../file-name.js'
import { describeSalvaged } from './describe.js'
import type { Salvaged, SalvagedImage } from './index.js'
import { partialExport, type PartialExport } from './partial.js'
import { spareParts } from './spare.js'

/** What is to be saved, and where. */
export interface SaveSettings {
  /** The folder that it goes to, in the making. */
  readonly output: OutputDirectory
  /** Whether what can be read of images that are not whole is exported too. */
  readonly partial: boolean
  readonly writeArchive: ArchiveWriter
}

/**
 * Writes `images.tar` with all images that are whole, what is intact beside them, and where that is wanted a tar and a note
 * for each other image; gives what the report says of it. Errors: ERR_OUTPUT, ERR_ABORTED, those of the writer.
 */
export async function saveFiles(
  salvaged: Salvaged,
  { output, partial, writeArchive }: SaveSettings,
  context: RunContext,
): Promise<Pick<SalvageReport, 'written' | 'parts' | 'images'>> {
  await using files = outputFiles(output.path, output.location)
  const folder: Folder = { files, location: output.location }
  return await inDirectory(output, async () => {
    const size = await writeWhole(salvaged, join(output.path, 'images.tar'), writeArchive, context)
    const written = size === undefined ? null : { path: join(output.location, 'images.tar'), size }
    const parts = await writeParts(salvaged, folder, context)
    const images: SalvagedImageReport[] = []
    for (const [index, image] of salvaged.images.entries()) {
      const report = describeSalvaged(image)
      const isPartial = partial && image.whole === undefined
      images.push(isPartial ? { ...report, partial: await writePartial(image, index, folder, context) } : report)
    }
    await files.store()
    return { written, parts, images }
  })
}

/** Writes all images that are whole; gives the bytes of the archive, undefined where there is none. */
async function writeWhole(
  { images }: Salvaged,
  path: string,
  writeArchive: ArchiveWriter,
  context: RunContext,
): Promise<number | undefined> {
  const whole = images.flatMap((image) => image.whole ?? [])
  return whole.length === 0 ? undefined : writeArchive(whole, { path, force: false }, context)
}

interface Folder {
  /** Its files, but for the archive. */
  readonly files: OutputFiles
  /** As the user named it. */
  readonly location: string
}

async function writeParts(
  salvaged: Salvaged,
  { files, location }: Folder,
  { signal }: RunContext,
): Promise<SalvagedPart[]> {
  const written: SalvagedPart[] = []
  for (const { name, content, part } of spareParts(salvaged)) {
    await writeFile(files, name, content instanceof Uint8Array ? [content] : chunksOf(content, signal))
    written.push({ ...part, path: join(location, name) })
  }
  return written
}

async function writePartial(
  { wanted, layers }: SalvagedImage,
  index: number,
  { files, location }: Folder,
  context: RunContext,
): Promise<SalvagedImageReport['partial']> {
  const found = await partialExport(layers, context)
  const name = `${String(index)}-${fileNameFor(wanted.names[0] ?? wanted.claimedID?.slice(0, 12) ?? 'image')}.partial`
  await writeFile(files, `${name}.tar`, found.tar())
  await writeFile(files, `${name}.txt`, [new TextEncoder().encode(partialNote(found))])
  return { path: join(location, `${name}.tar`), entries: found.entries, leftOut: [...found.leftOut] }
}

async function writeFile(
  files: OutputFiles,
  name: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  await files.make(name, async (file) => {
    for await (const chunk of chunks) await file.append(chunk)
  })
}

/** What the file beside a partial export says. */
function partialNote({ missing, doubtful, leftOut }: PartialExport): string {
  return [
    'This is not the root filesystem of an image: it is what imgtar salvage could read of a damaged one.',
    `Layers that are missing (base = 0): ${missing.join(', ') || 'none'}`,
    `Layers that are damaged: ${doubtful.join(', ') || 'none'}; their files may be damaged without a sign of it.`,
    `Files that are left out: ${leftOut.length}`,
    ...leftOut.map((path) => `  ${JSON.stringify(path)}`),
    '',
  ].join('\n')
}
