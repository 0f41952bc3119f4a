import type { SalvagedImageReport } from '../../model/report-salvage.js'
import type { SalvagedImage } from './index.js'
import type { Origin } from './wanted.js'

/** A salvaged image as reports carry it. */
export function describeSalvaged({ wanted, layers, whole }: SalvagedImage): SalvagedImageReport {
  const { names, claimedID, config } = wanted
  const derived = whole?.configSource.kind === 'derived'
  return {
    names: [...names],
    imageID: claimedID === undefined ? null : `sha256:${claimedID}`,
    state: whole === undefined ? 'incomplete' : 'whole',
    config: {
      state:
        config === undefined ? (derived ? 'intact' : 'missing') : config.origin.kind === 'own' ? 'intact' : 'healed',
      origin: placeOf(config?.origin),
    },
    layers: layers.map(({ diffID, state, origin }) => ({ diffID: diffID ?? null, state, origin: placeOf(origin) })),
  }
}

function placeOf(origin: Origin | undefined): string | null {
  if (origin === undefined) return null
  return origin.kind === 'own' ? origin.path : origin.archive
}
