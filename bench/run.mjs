import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { blobsOf, makeInputs } from './inputs.mjs'
import { JOBS } from './jobs.mjs'
import { isOnPath } from './on-path.mjs'
import { runOnce } from './run-once.mjs'
import { tableOf } from './table.mjs'

const USAGE = `npm run bench -- [JOB..] [--quick] [--runs N] [--slow]
  JOB      ${JOBS.map(({ name }) => name).join(', ')}; a prefix picks several (default: all but huge-*)
  --quick  a tenth of the data
  --runs   runs of each command, in turns (default 5)
  --slow   also the tools that take many times as long; they run at most three times
`

const say = (text) => process.stdout.write(`${text}\n`)

/** All contenders of a job, one run of each at a time: what else the machine does then meets all of them alike. */
async function runJob(job, place, { runs, slow }) {
  const wanted = job.contenders.filter((contender) => slow || contender.slow !== true || isReference(job, contender))
  const contenders = wanted.filter((contender) => isHere(contender))
  const results = contenders.map((contender) => ({ contender, runs: [] }))
  for (let turn = -1; turn < runs; turn++) {
    for (const result of results) {
      const { contender } = result
      if (contender.slow === true && turn >= 3) continue
      const run = await timed(contender, place, job)
      // The first turn warms the page cache.
      if (turn >= 0 && run !== undefined) result.runs.push(run)
    }
  }
  return results.filter((result) => result.runs.length > 0)
}

function isReference({ aims }, { name }) {
  return aims.some(({ against }) => against?.name === name)
}

function isHere({ name, needs = [] }) {
  const missing = needs.filter((program) => !isOnPath(program))
  if (missing.length > 0) say(`  skipped: ${name}: ${missing.join(', ')} not on PATH`)
  return missing.length === 0
}

// Their inputs take 18 GB.
function isHuge({ input }) {
  return input.startsWith('huge')
}

const refused = new Set()

/** One run; undefined where the tool does not work here, which is said once. */
async function timed({ name, before, command, after }, place, job) {
  if (refused.has(name)) return undefined
  rmSync(place.scratch, { recursive: true, force: true })
  mkdirSync(place.scratch, { recursive: true })
  try {
    for (const prepare of [before, job.before]) if (prepare !== undefined) await runOnce(prepare(place))
    const run = await runOnce(command(place))
    if (after !== undefined) await runOnce(after(place))
    return run
  } catch (error) {
    if (name.includes('imgtar')) throw error
    refused.add(name)
    say(`  skipped: ${name}: ${error.message.split('\n').at(-1)}`)
    return undefined
  }
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      slow: { type: 'boolean', default: false },
      runs: { type: 'string', default: '5' },
      help: { type: 'boolean', default: false },
    },
  })
  const isChosen = ({ name }) => positionals.some((word) => name.startsWith(word))
  const jobs = JOBS.filter((job) => (positionals.length === 0 ? !isHuge(job) : isChosen(job)))
  if (values.help || jobs.length === 0) return process.stdout.write(USAGE)
  const folder = fileURLToPath(new URL(values.quick ? 'work/quick' : 'work/full', import.meta.url))
  mkdirSync(folder, { recursive: true })
  const inputs = await makeInputs(folder, { quick: values.quick, huge: jobs.some(isHuge), say })
  for (const job of jobs) {
    const file = inputs[job.input]
    if (file === undefined) {
      say(`${job.name}: skipped, its input cannot be made here`)
      continue
    }
    const place = { file, scratch: join(folder, 'scratch'), blobs: (suffix) => blobsOf(folder, suffix) }
    const results = await runJob(job, place, { runs: Number(values.runs), slow: values.slow })
    for (const line of results.length === 0 ? [] : tableOf(job, results)) say(line)
    rmSync(place.scratch, { recursive: true, force: true })
  }
}

await main()
