import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The command as it is installed; it runs from dist, which `npm test` builds first. */
export const BIN = fileURLToPath(new URL('../../bin/imgtar.mjs', import.meta.url))

/** How a run of the command ended. */
export interface Run {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** What a run is given beside its arguments. */
export interface RunSettings {
  readonly cwd: string
  readonly stdin?: Uint8Array
  readonly environment?: Readonly<Record<string, string>>
  /** Is called with the child; stdin stays open then. */
  readonly meanwhile?: (child: ChildProcess) => void
}

// Two weeks after the images of the fixtures were created.
const NOW = `${Date.parse('2023-11-21T00:00:00Z') / 1000}`

/** Runs the real command in a process of its own. */
export function run(args: readonly string[], settings: RunSettings): Promise<Run> {
  const { PATH = '' } = process.env
  const env = { PATH, SOURCE_DATE_EPOCH: NOW, ...settings.environment }
  const child = spawn(process.execPath, [BIN, ...args], { cwd: settings.cwd, env })
  const texts = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.stderr += text))
  // A run that ends before it has read all closes the pipe, which is its right.
  child.stdin.on('error', () => undefined)
  if (settings.meanwhile === undefined) child.stdin.end(settings.stdin ?? '')
  else settings.meanwhile(child)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exitCode, signal) => resolve({ exitCode, signal, ...texts }))
  })
}

/** A run as one would see it: the line typed, what came, what came on stderr behind `! `, and the exit code. */
export async function transcript(line: string, settings: RunSettings): Promise<string> {
  const args = line.split(' ').filter((word) => word !== '')
  const { exitCode, stdout, stderr } = await run(args, settings)
  const errors = stderr.replace(/^(?=.)/gm, '! ')
  const version = stdout.replace(/"version": "[^"]*"/, '"version": "…"')
  return `$ imgtar ${line}\n${version}${errors}[exit ${exitCode ?? 'by signal'}]\n`
}

/** For `meanwhile`: sends a signal to the run as soon as `leftOvers` names anything, and so before it can be finished. */
export function interruptWhen(
  leftOvers: () => Promise<readonly string[]>,
  signal: NodeJS.Signals = 'SIGINT',
): (child: ChildProcess) => void {
  return (child) => {
    const watching = setInterval(() => {
      void leftOvers().then((names) => {
        if (names.length === 0) return
        clearInterval(watching)
        child.kill(signal)
      })
    }, 1)
    child.once('close', () => clearInterval(watching))
  }
}
