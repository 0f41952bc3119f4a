import type { RunContext } from '../context.js'
import { enginesOf, type EngineChoice, type EngineName } from '../model/engine-names.js'
import type { LoadView } from '../model/load-view.js'
import type { EngineReport } from '../model/report-engines.js'
import type { FindingReport } from '../model/report.js'
import { ENGINES } from './engines/index.js'
import { predict } from './predict.js'

/** What loaders say of an archive: all of their answers, and a finding for each that must take it and would not. */
export interface LoaderAnswers {
  readonly engines: readonly EngineReport[]
  readonly findings: readonly FindingReport[]
}

/**
 * Asks loaders. One that was named must take the archive, else there is a finding; with `all` they are only compared.
 * Of a family with a transport each for docker and OCI archives those count that the archive has the documents for.
 * Errors: those of `predict`.
 */
export async function askLoaders(
  view: LoadView,
  choices: readonly EngineChoice[],
  context: RunContext,
): Promise<LoaderAnswers> {
  const wanted = new Set(choices.flatMap((choice) => applicable(choice, view)))
  const demanded = new Set(choices.filter((choice) => choice !== 'all').flatMap((choice) => applicable(choice, view)))
  const chosen = ENGINES.filter(({ id }) => wanted.has(id))
  const predictions = await predict(view, context, chosen)
  const engines = predictions.map(({ engine, verdict, reason, images, ignores }) => ({
    engine,
    title: chosen.find(({ id }) => id === engine)?.title ?? engine,
    verdict,
    ...(reason !== undefined && { reason }),
    images: images.map(({ imageID, names, fault }) => ({
      imageID: imageID ?? null,
      names: [...names],
      ...(fault !== undefined && { fault }),
    })),
    ignores: [...ignores],
  }))
  const refused = engines.filter(({ engine, verdict }) => verdict !== 'accepted' && demanded.has(engine))
  return { engines, findings: refused.map((engine) => refusal(view, engine)) }
}

function applicable(choice: EngineChoice, view: LoadView): readonly EngineName[] {
  const names = enginesOf(choice)
  if (names.length === 1 || choice === 'docker') return names
  const has = (document: string) => view.members.some(({ name }) => name.replace(/^\.\//, '') === document)
  const [isSaved, isLayout] = [has('manifest.json'), has('index.json')]
  return names.filter((name) => {
    if (name.endsWith('-oci')) return isLayout
    if (!name.endsWith('-docker')) return !view.isDirectory || name.startsWith('podman') || name === 'umoci'
    return isSaved || !isLayout
  })
}

const DOES: Readonly<Record<EngineReport['verdict'], string>> = {
  accepted: 'takes it',
  unusable: 'loads it, and cannot use it',
  refused: 'refuses it',
  hangs: 'never answers',
  crashes: 'dies of it',
}

function refusal({ location }: LoadView, { engine, verdict, reason }: EngineReport): FindingReport {
  return {
    code: 'ENGINE_REFUSES',
    severity: 'error',
    message: `${engine} ${DOES[verdict]}${reason === undefined ? '' : `: ${reason}`}`,
    where: { archive: location },
  }
}
