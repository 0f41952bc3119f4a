import type { RunContext } from '../context.js'
import type { LoadMember, LoadView } from '../model/load-view.js'
import { documentReader } from './engines/document-reader.js'
import { goClean } from './engines/go-path.js'
import { ENGINES } from './engines/index.js'
import { layerReader } from './engines/layer-facts.js'
import { emptyLoading, Stop, type Engine, type Given, type MemberNames, type Prediction } from './engines/prediction.js'
import { unpackings } from './engines/unpackings.js'

/**
 * What each of these engines would do with an archive: it is played through by the engine's rules, on an empty store and
 * a linux/amd64 host. Errors: ERR_IO, ERR_LIMIT where the work gets out of hand, ERR_ABORTED.
 */
export async function predict(
  view: LoadView,
  context: RunContext,
  engines: readonly Engine[] = ENGINES,
): Promise<readonly Prediction[]> {
  const given: Given = {
    view,
    context,
    members: namesOf(view),
    documents: documentReader(context),
    layers: layerReader(context),
    unpackings: unpackings(),
  }
  const predictions: Prediction[] = []
  for (const engine of engines) predictions.push(await judge(engine, given))
  return predictions
}

function namesOf({ members }: LoadView): MemberNames {
  const [stored, clean] = [new Map<string, LoadMember>(), new Map<string, LoadMember>()]
  for (const member of members) {
    const name = goClean(member.name)
    if (!stored.has(member.name)) stored.set(member.name, member)
    if (!clean.has(name)) clean.set(name, member)
  }
  return { stored, clean }
}

async function judge(engine: Engine, given: Given): Promise<Prediction> {
  const loading = emptyLoading()
  const stopped = await engine.load(given, loading).catch((error: unknown) => {
    if (error instanceof Stop) return error
    throw error
  })
  const shown = loading.images.filter(
    ({ imageID, names }) => names.size > 0 || imageID === undefined || !loading.parents.has(imageID),
  )
  const images = shown.map((image) => ({ ...image, names: [...image.names] }))
  const ignores = [...loading.ignores]
  const told = { engine: engine.id, images, ignores }
  if (stopped instanceof Stop) return { ...told, verdict: stopped.verdict, reason: stopped.message }
  const broken = images.find(({ fault }) => fault !== undefined)
  return broken?.fault === undefined
    ? { ...told, verdict: 'accepted' }
    : { ...told, verdict: 'unusable', reason: broken.fault }
}
