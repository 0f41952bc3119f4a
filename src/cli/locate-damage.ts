import type { OpenSource } from '../bytes/source.js'
import type { RunContext } from '../context.js'
import type { Finding } from '../findings.js'
import type { GivenBytes } from '../formats/stored.js'
import type { ImageArchive } from '../model/image.js'
import { damagedLayers, gone, pinpoint } from '../ops/pinpoint/index.js'
import type { Measurements } from '../ops/measure.js'
import { ofOther } from './archive-errors.js'
import { openOperand } from './archives.js'
import type { EvidencePlaces } from './evidence.js'
import { openInputs } from './inputs.js'
import { openKept, type KeptPipes } from './kept-pipes.js'
import type { GlobalValues } from './options.js'

/** How to look. */
export interface LocateSettings {
  readonly globals: GlobalValues
  /** The bytes of the archive, where they came down a pipe and were kept. */
  readonly given?: GivenBytes | undefined
  /** What came down pipes, of the evidence. */
  readonly kept?: KeptPipes
  readonly evidence?: EvidencePlaces
}

/**
 * Where the damage of an archive that was measured lies, and in which files; nothing where no layer is damaged. Reads the
 * archive again; of one that came through a pipe it says that it is gone. Errors: those of openOperand for the evidence, and of pinpoint.
 */
export async function locateDamage(
  operand: string,
  { archive, measurements }: { readonly archive: ImageArchive; readonly measurements: Measurements },
  { globals, given, kept = new Map(), evidence = { against: [], sidecars: [] } }: LocateSettings,
  context: RunContext,
): Promise<readonly Finding[]> {
  const damaged = damagedLayers(archive, measurements)
  const isGone = archive.images.some(({ layers }) => layers.some((layer) => layer.measurement !== undefined))
  if (damaged.length === 0) return []
  if (archive.passed === true) return gone(archive, damaged)
  const settings = { globals, context, access: 'random' } as const
  await using readable = isGone ? await openOperand(operand, { ...settings, given }) : undefined
  await using against = await openInputs(evidence.against, { ...settings, kept }).catch(ofOther('the evidence'))
  await using sidecars = await openFiles(evidence.sidecars, kept, context).catch(ofOther('the evidence'))
  const outside = { against: against.archives, sidecars: sidecars.files }
  return await pinpoint(readable ?? archive, damaged, outside, context)
}

async function openFiles(
  paths: readonly string[],
  kept: KeptPipes,
  context: RunContext,
): Promise<AsyncDisposable & { files: readonly OpenSource[] }> {
  const files: OpenSource[] = []
  const close = async () => {
    for (const file of files) await file[Symbol.asyncDispose]()
  }
  try {
    for (const path of paths) files.push(await openKept(path, kept, context))
  } catch (error) {
    await close()
    throw error
  }
  return { files, [Symbol.asyncDispose]: close }
}
