import { join } from 'node:path'
import type { OutputFiles } from '../../bytes/output-files.js'
import type { RunContext } from '../../context.js'
import { ArchiveError } from '../../errors.js'
import type { Image, ImageArchive } from '../../model/image.js'
import type { SalvagedImageReport, SalvagedPart, SalvageReport } from '../../model/report-salvage.js'
import type { Salvaged, SalvagedImage } from '../../ops/salvage/index.js'
import type { PartialExport } from '../../ops/salvage/partial.js'
import type { SparePart } from '../../ops/salvage/spare.js'
import { givenFor, openOperand, type OpenSettings } from '../archives.js'
import { asIs, flag, required, values } from '../arguments.js'
import { defineCommand } from '../command.js'
import { writeDockerArchive } from '../docker-archive.js'
import { envelope } from '../envelope.js'
import { fileNameFor } from '../../ops/file-name.js'
import { openInputs } from '../inputs.js'

/** `imgtar salvage`: what can be saved of a damaged archive. */
export const salvage = defineCommand({
  name: 'salvage',
  summary: 'save what is intact of a damaged or cut archive, and heal it from other copies',
  positionals: { archive: { kind: 'one', summary: 'the damaged archive; - for stdin' } },
  options: {
    output: required('folder for what is saved: new or empty', 'DIR', asIs, 'o'),
    from: values(
      'take what is lost from there, where its digest fits: any archive, oci:DIR, docker-root:DIR',
      'OTHER',
      asIs,
    ),
    partial: flag('also export the files that can be read of images that are not whole, as NAME.partial.tar'),
  },
  examples: [
    [
      'imgtar salvage broken.tar -o saved/',
      'saved/images.tar with every image that is whole; intact layers of the others',
    ],
    ['imgtar salvage broken.tar -o saved/ --from old.tar', 'heal it: layers and configs by their digests'],
    ['imgtar salvage broken.tar -o saved/ --from docker-root:/var/lib/docker', 'from the store of a stopped docker'],
    ['imgtar salvage cut.tar.gz -o saved/ --partial', 'what can be read of the files, marked as partial'],
  ],
  async run({ operands, options, globals, context }): Promise<SalvageReport> {
    const [{ looseMembers }, operation, { describeFinding }, directories, { outputFiles }] = await Promise.all([
      import('../../formats/salvage/members.js'),
      import('../../ops/salvage/index.js'),
      import('../../ops/describe.js'),
      import('../../bytes/output-directory.js'),
      import('../../bytes/output-files.js'),
    ])
    const { archive } = operands
    await using sources = await openInputs(options.from, { globals, context, access: 'random' })
    await using output = await directories.directoryOutput(options.output, { force: false })
    await using broken = await looseMembers(archive, context, await givenFor(archive, context))
    const { source } = broken
    await using opened = await asItsFormat(archive, { globals, context, ...(source && { source }) })
    const salvaged = await operation.salvage(broken, { sources: sources.archives, opened }, context)
    await using files = outputFiles(output.path, output.location)
    const place = { directory: output.path, shown: options.output, files }
    const { written, parts, images } = await directories.inDirectory(output, async () => ({
      written: await writeWhole(salvaged, place, context),
      parts: await writeParts(salvaged, place, context),
      images: await describeImages(salvaged.images, { ...place, partial: options.partial }, context),
    }))
    await files.store()
    await output.commit()
    return {
      ...envelope('salvage', images.length > 0 && images.every(({ state }) => state === 'whole')),
      archive,
      directory: options.output,
      written,
      images,
      parts,
      findings: broken.findings.map(describeFinding),
    }
  },
})

/** The folder while it is made, and as the user named it. */
interface Place {
  readonly directory: string
  readonly shown: string
  /** Its files, but for the archive. */
  readonly files: OutputFiles
}

/** The archive as its own format reads it; undefined where it is damaged too much for that. */
async function asItsFormat(text: string, settings: Omit<OpenSettings, 'access'>): Promise<ImageArchive | undefined> {
  return openOperand(text, { ...settings, access: 'random' }).catch((error: unknown) => {
    if (error instanceof ArchiveError && error.code !== 'ERR_ABORTED' && error.code !== 'ERR_IO') return undefined
    throw error
  })
}

/** One docker archive with all images that are whole. */
async function writeWhole(
  { images }: Salvaged,
  { directory, shown }: Place,
  context: RunContext,
): Promise<SalvageReport['written']> {
  const whole = images.flatMap((image): Image[] => (image.whole === undefined ? [] : [image.whole]))
  if (whole.length === 0) return null
  const size = await writeDockerArchive(whole, { path: join(directory, 'images.tar'), force: false }, context)
  return { path: join(shown, 'images.tar'), size }
}

async function writeParts(salvaged: Salvaged, { files, shown }: Place, context: RunContext): Promise<SalvagedPart[]> {
  const [{ spareParts }, { chunksOf }] = await Promise.all([
    import('../../ops/salvage/spare.js'),
    import('../../bytes/source.js'),
  ])
  const written: SalvagedPart[] = []
  const chunks = ({ content }: SparePart) =>
    content instanceof Uint8Array ? [content] : chunksOf(content, context.signal)
  for (const spare of spareParts(salvaged)) {
    await writeFile(files, spare.name, chunks(spare))
    written.push({ ...spare.part, path: join(shown, spare.name) })
  }
  return written
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

async function describeImages(
  images: readonly SalvagedImage[],
  place: Place & { readonly partial: boolean },
  context: RunContext,
): Promise<SalvagedImageReport[]> {
  const { describeSalvaged } = await import('../../ops/salvage/describe.js')
  const reports: SalvagedImageReport[] = []
  for (const [index, image] of images.entries()) {
    const report = describeSalvaged(image)
    const isPartial = place.partial && image.whole === undefined
    reports.push(isPartial ? { ...report, partial: await writePartial(image, index, place, context) } : report)
  }
  return reports
}

async function writePartial(
  { wanted, layers }: SalvagedImage,
  index: number,
  { files, shown }: Place,
  context: RunContext,
): Promise<SalvagedImageReport['partial']> {
  const { partialExport } = await import('../../ops/salvage/partial.js')
  const found = await partialExport(layers, context)
  const name = `${String(index)}-${fileNameFor(wanted.names[0] ?? wanted.claimedID?.slice(0, 12) ?? 'image')}.partial`
  await writeFile(files, `${name}.tar`, found.tar())
  await writeFile(files, `${name}.txt`, [new TextEncoder().encode(partialNote(found))])
  return { path: join(shown, `${name}.tar`), entries: found.entries, leftOut: [...found.leftOut] }
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
