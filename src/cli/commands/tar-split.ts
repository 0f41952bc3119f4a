import { stat } from 'node:fs/promises'
import type { ByteSource } from '../../bytes/source.js'
import type { RunContext } from '../../context.js'
import { ArchiveError } from '../../errors.js'
import type { TarSplitReport } from '../../model/report-store.js'
import type { SplitTotals } from '../../ops/tar-split.js'
import type { SplitAssembly } from '../../tar/split-assembly.js'
import { givenFor, openBytes } from '../archives.js'
import { asIs, value } from '../arguments.js'
import { defineCommand } from '../command.js'
import { envelope } from '../envelope.js'
import { FORCE_OPTION } from '../output-place.js'
import { UsageError } from '../usage-error.js'
import { refuseTerminal } from '../write-archive.js'

const ACTIONS = ['disassemble', 'assemble', 'check'] as const

interface Request {
  readonly file: string
  readonly files: string | undefined
  readonly output: string | undefined
  readonly force: boolean
}

/** `imgtar tar-split`: layers as docker keeps them, a sidecar of headers and files. */
export const tarSplit = defineCommand({
  name: 'tar-split',
  summary: 'take a layer apart as docker does, put it together bit by bit, find files that differ',
  positionals: {
    action: { kind: 'one', summary: 'disassemble, assemble or check', choices: ACTIONS },
    file: { kind: 'one', summary: 'a tar to disassemble (compressed or not), or a tar-split.json.gz' },
  },
  options: {
    files: value('where the files of the layer lie; disassemble makes it', 'DIR', asIs),
    output: value('where to write; - is stdout', 'FILE', asIs, 'o'),
    force: FORCE_OPTION,
  },
  examples: [
    ['imgtar tar-split disassemble layer.tar -o tar-split.json.gz --files dir/', "docker's own format"],
    [
      'imgtar tar-split assemble tar-split.json.gz --files dir/ -o layer.tar',
      'byte by byte, or every file that differs',
    ],
    ['imgtar tar-split check tar-split.json.gz --files dir/', 'all damaged, missing and resized files at once'],
    [
      'imgtar tar-split check .../layerdb/sha256/ID/tar-split.json.gz --files /var/lib/docker/overlay2/ID/diff',
      'a layer of a stopped daemon',
    ],
  ],
  async run({ operands, options, context }) {
    const request: Request = { file: operands.file, ...options }
    const action = ACTIONS.find((one) => one === operands.action) ?? 'check'
    if (action !== 'check' && request.output === undefined) throw new UsageError('--output is missing: FILE')
    if (action !== 'disassemble' && request.files === undefined) throw new UsageError('--files is missing: DIR')
    if (request.output === '-') refuseTerminal()
    const run = { disassemble, assemble, check }[action]
    return report(action, request, await run(request, context))
  },
})

interface Outcome {
  readonly wrote: string | null
  readonly totals: SplitTotals
}

async function report(
  action: (typeof ACTIONS)[number],
  { file, output }: Request,
  { wrote, totals }: Outcome,
): Promise<TarSplitReport> {
  const { describeFault } = await import('../../ops/damaged-file.js')
  const { files, bytes, digest, faults } = totals
  return {
    ...envelope('tar-split', faults.length === 0),
    action,
    sidecar: action === 'disassemble' ? (output ?? '') : file,
    wrote,
    files,
    bytes,
    digest: digest ?? null,
    damaged: faults.map(describeFault),
    findings: [],
  }
}

async function disassemble({ file, files, output, force }: Request, context: RunContext): Promise<Outcome> {
  const [operation, { openLayerTar }, { directoryOutput, inDirectory }] = await Promise.all([
    import('../../ops/tar-split.js'),
    import('../../formats/layer-tar.js'),
    import('../../bytes/output-directory.js'),
  ])
  await using tar = await openLayerTar(file, context, await givenFor(file, context))
  await using sidecar = await openOutput(output, force)
  await using directory = files === undefined ? undefined : await directoryOutput(files, { force: false })
  const place = { location: file, ...(directory && { directory: directory.path }) }
  const work = () => operation.disassemble(tar.chunks, sidecar, place, context)
  const totals = await (directory === undefined ? work() : inDirectory(directory, work))
  await directory?.commit()
  await sidecar.commit()
  return { wrote: output ?? null, totals }
}

async function assemble(request: Request, context: RunContext): Promise<Outcome> {
  const operation = await import('../../ops/tar-split.js')
  await using sidecar = await openBytes(request.file, context)
  const assembly = await assemblyOf(request, sidecar)
  await using output = await openOutput(request.output, request.force)
  const totals = await operation.assemble(assembly, output, context)
  if (totals.faults.length > 0) return { wrote: null, totals }
  await output.commit()
  return { wrote: request.output ?? null, totals }
}

async function check(request: Request, context: RunContext): Promise<Outcome> {
  const operation = await import('../../ops/tar-split.js')
  await using sidecar = await openBytes(request.file, context)
  return { wrote: null, totals: await operation.check(await assemblyOf(request, sidecar), context) }
}

async function assemblyOf({ file, files = '' }: Request, { place, size }: ByteSource): Promise<SplitAssembly> {
  const isDirectory = await stat(files).then(
    (status) => status.isDirectory(),
    () => false,
  )
  if (!isDirectory) {
    const hint = '--files names the folder that has the files of the layer'
    throw new ArchiveError('ERR_NOT_FOUND', 'no such directory', { location: files, hint })
  }
  return {
    location: file,
    sidecar: { file: place?.file ?? file, offset: 0, size },
    files: { kind: 'directory', directory: files.replace(/(?<=.)\/+$/, ''), base: '' },
  }
}

async function openOutput(path = '', force: boolean) {
  const { fileOutput, streamOutput } = await import('../../bytes/output.js')
  return path === '-' ? streamOutput(process.stdout) : fileOutput(path, { force })
}
