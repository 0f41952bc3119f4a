import { availableParallelism } from 'node:os'
import { DEFAULT_LIMITS } from '../context.js'
import type { RunContext } from '../context.js'
import type { Answer } from './command.js'
import { COMMANDS } from './commands/index.js'
import { EXIT, exitCodeOf } from './exit-code.js'
import type { ExitCode } from './exit-code.js'
import { informationFor } from './information.js'
import { abortOnSignals } from './interrupt.js'
import type { GlobalValues } from './options.js'
import { outputTo, writeAll } from './output.js'
import { readableByYargs } from './operands.js'
import type { Request } from './parse.js'
import { present, tellFor } from './present.js'
import { progressOn } from './progress.js'
import type { Progress } from './progress.js'
import { refuseReportOver } from './refuse-inputs.js'
import { shortOptionsApart } from './short-options.js'
import { keepingHeapSmall } from './small-heap.js'
import { troubleOf } from './trouble.js'

const stdout = outputTo(process.stdout)
const stderr = outputTo(process.stderr)

/** Runs the command line; the exit code is set on the process, which ends by itself. Never throws. */
export async function main(argv: readonly string[]): Promise<void> {
  // Whatever ends the process before the answer stands (a promise that nobody resolves, a lost worker) must not look like a pass.
  process.exitCode = EXIT.trouble
  const onEnd = (): void => void process.stderr.write('imgtar: a bug in imgtar: the work ended without an answer\n')
  process.on('exit', onEnd)
  process.on(
    'uncaughtException',
    (error) => void failed(error, { interrupted: false, argv }).then((code) => process.off('exit', onEnd).exit(code)),
  )
  const { signal, stop } = abortOnSignals()
  let code: ExitCode
  try {
    code = await answered(argv, signal)
  } catch (error) {
    code = await failed(error, { interrupted: signal.aborted, argv })
  }
  stop()
  process.off('exit', onEnd)
  process.exitCode = code
}

interface Failure {
  readonly interrupted: boolean
  readonly argv: readonly string[]
}

async function failed(error: unknown, { interrupted, argv }: Failure): Promise<ExitCode> {
  const command = COMMANDS.find(({ name }) => argv.includes(name))?.name
  const debug = process.env.IMGTAR_DEBUG === '1'
  const trouble = troubleOf(error, { interrupted, debug, ...(command !== undefined && { command }) })
  await stderr.write(trouble.message).catch(() => undefined)
  return trouble.exitCode
}

async function answered(argv: readonly string[], signal: AbortSignal): Promise<ExitCode> {
  const words = readableByYargs(shortOptionsApart(argv, COMMANDS))
  const information = informationFor(words, COMMANDS)
  if (information !== undefined) return printed(information)
  const { parse } = await import('./parse.js')
  return ran(await parse(words, COMMANDS), signal)
}

async function printed(text: string): Promise<ExitCode> {
  await writeAll(stdout, [text])
  return EXIT.clean
}

async function ran(request: Request, signal: AbortSignal): Promise<ExitCode> {
  await refuseReportOver(request.operands, request.reports)
  const progress = progressFor(request.globals)
  let answer: Answer
  try {
    const tell = tellFor(request, { stdout, stderr }, () => progress.clear())
    const context = contextFor(request.globals, signal, progress)
    answer = await request.run(context, { tell, takeTerminal: () => progress.stop() })
  } finally {
    progress.stop()
  }
  if (typeof answer === 'string') return printed(answer)
  await present(answer, request, { stdout, stderr })
  return exitCodeOf(answer)
}

function contextFor(globals: GlobalValues, signal: AbortSignal, progress: Progress): RunContext {
  return {
    limits: {
      json: globals['limit-json'] ?? DEFAULT_LIMITS.json,
      pax: globals['limit-pax'] ?? DEFAULT_LIMITS.pax,
      entries: globals['limit-entries'] ?? DEFAULT_LIMITS.entries,
      ratio: globals['limit-ratio'] ?? DEFAULT_LIMITS.ratio,
      depth: globals['limit-depth'] ?? DEFAULT_LIMITS.depth,
    },
    concurrency: globals.jobs ?? availableParallelism(),
    signal,
    onProgress: keepingHeapSmall((event) => progress.on(event)),
  }
}

function progressFor(globals: GlobalValues): Progress {
  return progressOn({
    mode: globals.progress,
    terminal: process.stderr.isTTY && process.env.TERM !== 'dumb',
    // A terminal without a size says 0.
    width: () => (process.stderr.columns > 0 ? process.stderr.columns : 80),
    write: (text) => process.stderr.write(text),
    clock: () => performance.now(),
  })
}
