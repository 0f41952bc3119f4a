import { cyclonedx } from './cyclonedx.js'
import { github } from './github.js'
import { html } from './html/index.js'
import { human } from './human/index.js'
import { json } from './json.js'
import { junit } from './junit.js'
import { markdown } from './markdown.js'
import { ndjson } from './ndjson.js'
import type { Presenter } from './presenter.js'
import { sarif } from './sarif.js'

/** Every presenter; a new one is a file and a line here. */
const PRESENTERS = { cyclonedx, github, html, human, json, junit, markdown, ndjson, sarif } as const satisfies Record<
  string,
  Presenter
>

/** The name of a presenter. */
export type PresenterName = keyof typeof PRESENTERS

/** The presenter of that name. */
export function presenterFor(name: PresenterName): Presenter {
  return PRESENTERS[name]
}
