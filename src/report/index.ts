import { human } from './human/index.js'
import { json } from './json.js'
import type { Presenter } from './presenter.js'

/** Every presenter; a new one is a file and a line here. */
const PRESENTERS = { human, json } as const satisfies Record<string, Presenter>

/** The name of a presenter. */
export type PresenterName = keyof typeof PRESENTERS

/** The presenter of that name. */
export function presenterFor(name: PresenterName): Presenter {
  return PRESENTERS[name]
}
