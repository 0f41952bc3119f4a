import { serveJobs } from '../bytes/worker.js'
import { runContext } from '../context.js'
import { verdictOn } from './verdict.js'
import type { VerdictJob } from './verdicts.js'

serveJobs((input) => {
  const { operand, settings, limits, concurrency, strictTar } = input as VerdictJob // verdicts.ts posts nothing else
  return verdictOn({ operand }, settings, runContext({ limits, concurrency, strictTar }))
})
