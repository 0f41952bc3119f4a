import { posix } from 'node:path'
import { changeError } from './error.js'
import { healthcheckOf, type Healthcheck } from './healthcheck.js'
import { readInstruction, readLines, type InstructionLine } from './lines.js'
import { expandWord, expandWords, type Expansion } from './shell-word.js'
import { exposedPorts, refuseNoSignal } from './values.js'
import { jsonArray, pairs } from './words.js'

/** The part of a container config that changes can set, as docker's JSON names it. */
export interface ChangedConfig {
  User?: string
  ExposedPorts?: Record<string, object>
  Env?: readonly string[]
  Cmd?: readonly string[]
  Healthcheck?: Healthcheck
  Volumes?: Record<string, object>
  WorkingDir?: string
  Entrypoint?: readonly string[]
  OnBuild?: readonly string[]
  Labels?: Record<string, string>
  StopSignal?: string
  Shell?: readonly string[]
}

interface State {
  readonly config: ChangedConfig
  readonly escape: string
  /** A CMD among the changes outlives a later ENTRYPOINT; one from before does not. */
  cmdSet: boolean
}

type Apply = (state: State, instruction: InstructionLine) => void

const INSTRUCTIONS: ReadonlyMap<string, Apply> = new Map<string, Apply>([
  ['cmd', applyCmd],
  ['entrypoint', applyEntrypoint],
  ['env', applyEnv],
  ['expose', applyExpose],
  ['healthcheck', ({ config }, instruction) => void (config.Healthcheck = healthcheckOf(instruction))],
  ['label', applyLabel],
  ['onbuild', applyOnbuild],
  ['stopsignal', applyStopSignal],
  ['user', (state, instruction) => void (state.config.User = oneArgument(state, instruction))],
  ['volume', applyVolume],
  ['workdir', applyWorkdir],
])

/**
 * A config with changes applied as `docker import -c` and `docker commit -c` do: all of them are one Dockerfile, of which
 * CMD ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL ONBUILD STOPSIGNAL USER VOLUME WORKDIR are taken; podman's `CMD=…` is read
 * too. Where versions of docker differ it is as 28. Errors: ERR_USAGE in docker's words.
 */
export function applyChanges(config: ChangedConfig, changes: readonly string[]): ChangedConfig {
  if (changes.length === 0) return config
  const { instructions, escape } = readLines(changes.map(fromPodman).join('\n'))
  for (const { name, word, line } of instructions) {
    if (INSTRUCTIONS.has(name)) continue
    const hint = `valid are ${[...INSTRUCTIONS.keys()].join(', ').toUpperCase()}`
    throw changeError(`${word} is not a valid change command`, line, hint)
  }
  const state: State = { config: { ...config }, escape, cmdSet: false }
  for (const instruction of instructions) {
    if (instruction.name !== 'healthcheck') refuseFlags(instruction)
    INSTRUCTIONS.get(instruction.name)?.(state, instruction)
  }
  return state.config
}

function fromPodman(change: string): string {
  const [, name, rest] = /^\s*([a-z]+)=(.*)$/is.exec(change) ?? []
  return name !== undefined && rest !== undefined && INSTRUCTIONS.has(name.toLowerCase()) ? `${name} ${rest}` : change
}

function refuseFlags({ flags: [flag], line }: InstructionLine): void {
  if (flag !== undefined) throw changeError(`unknown flag: ${flag.replace(/=.*/s, '')}`, line)
}

function expansion({ config, escape }: State, { line }: InstructionLine): Expansion {
  return { env: config.Env ?? [], escape, line }
}

function oneArgument(state: State, instruction: InstructionLine): string {
  const { name, rest, line } = instruction
  if (rest === '') throw changeError(`${name.toUpperCase()} requires exactly one argument`, line)
  return expandWord(rest, expansion(state, instruction))
}

/** Words of the JSON form, or a command for the shell. */
function commandLine({ config }: State, { rest, line }: InstructionLine): readonly string[] {
  const words = jsonArray(rest, line)
  if (words !== undefined) return words
  return [...(config.Shell ?? ['/bin/sh', '-c']), ...(rest === '' ? [] : [rest])]
}

function applyCmd(state: State, instruction: InstructionLine): void {
  state.config.Cmd = commandLine(state, instruction)
  state.cmdSet = true
}

function applyEntrypoint(state: State, instruction: InstructionLine): void {
  const words = instruction.rest === '' ? [] : commandLine(state, instruction)
  if (words.length === 0) delete state.config.Entrypoint
  else state.config.Entrypoint = words
  if (!state.cmdSet) delete state.config.Cmd
}

function applyEnv(state: State, instruction: InstructionLine): void {
  // All pairs of one instruction see the variables from before it.
  const before = expansion(state, instruction)
  const env = [...(state.config.Env ?? [])]
  for (const [name, text] of pairs(instruction, state.escape)) {
    const key = expandWord(name, before)
    if (key === '') throw changeError('ENV names can not be blank', instruction.line)
    const entry = `${key}=${expandWord(text, before)}`
    const at = env.findIndex((one) => one.startsWith(`${key}=`))
    if (at < 0) env.push(entry)
    else env[at] = entry
  }
  state.config.Env = env
}

function applyLabel(state: State, instruction: InstructionLine): void {
  const before = expansion(state, instruction)
  const labels = new Map(Object.entries(state.config.Labels ?? {}))
  for (const [name, text] of pairs(instruction, state.escape)) {
    labels.set(expandWord(name, before), expandWord(text, before))
  }
  state.config.Labels = Object.fromEntries(labels)
}

function applyExpose(state: State, instruction: InstructionLine): void {
  const { rest, line } = instruction
  if (rest === '') throw changeError('EXPOSE requires at least one argument', line)
  const specs = rest.split(/[\t\v\f\r ]+/).flatMap((word) => expandWords(word, expansion(state, instruction)))
  const ports = specs.flatMap((spec) => exposedPorts(spec, line))
  if (ports.length === 0) return
  state.config.ExposedPorts = { ...state.config.ExposedPorts, ...Object.fromEntries(ports.map((port) => [port, {}])) }
}

function applyOnbuild({ config, escape }: State, { rest, original, line }: InstructionLine): void {
  if (rest === '') throw changeError('ONBUILD requires at least one argument', line)
  const trigger = readInstruction(rest, escape, line).name.toUpperCase()
  if (trigger === 'ONBUILD') throw changeError("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed", line)
  if (trigger === 'FROM' || trigger === 'MAINTAINER') {
    throw changeError(`${trigger} isn't allowed as an ONBUILD trigger`, line)
  }
  config.OnBuild = [...(config.OnBuild ?? []), original.replace(/^\s*ONBUILD\s*/i, '')]
}

function applyStopSignal(state: State, instruction: InstructionLine): void {
  const signal = oneArgument(state, instruction)
  refuseNoSignal(signal, instruction.line)
  state.config.StopSignal = signal
}

function applyVolume(state: State, instruction: InstructionLine): void {
  const { rest, line } = instruction
  const given = jsonArray(rest, line) ?? (rest === '' ? [] : rest.split(/[\t\v\f\r ]+/))
  if (given.length === 0) throw changeError('VOLUME requires at least one argument', line)
  const volumes = given.map((word) => expandWord(word, expansion(state, instruction)).trim())
  if (volumes.includes('')) throw changeError('VOLUME specified can not be an empty string', line)
  state.config.Volumes = { ...state.config.Volumes, ...Object.fromEntries(volumes.map((volume) => [volume, {}])) }
}

function applyWorkdir(state: State, instruction: InstructionLine): void {
  const path = oneArgument(state, instruction)
  if (path === '') throw changeError('cannot normalize nothing', instruction.line)
  // Docker 20.10 leaves an absolute path as it was written; Go's Clean leaves no slash at the end.
  const from = path.startsWith('/') ? '/' : (state.config.WorkingDir ?? '')
  state.config.WorkingDir = posix.join('/', from, path).replace(/(?<=.)\/$/, '')
}
