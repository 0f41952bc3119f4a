import { isIP } from 'node:net'
import { changeError } from './error.js'

/**
 * The keys of ExposedPorts that one argument of EXPOSE stands for, `[[ip:]host:]container[/protocol]`: ranges are written
 * out; what is of the host must make sense, and says nothing. Errors: ERR_USAGE.
 */
export function exposedPorts(spec: string, line: number): readonly string[] {
  const [ports = '', given = ''] = spec.split('/')
  const parts = ports.split(':')
  const container = parts.pop() ?? ''
  const host = parts.pop() ?? ''
  if (container === '') throw changeError(`No port specified: ${spec}<empty>`, line)
  const inside = portRange(container)
  if (inside === undefined) throw changeError(`Invalid containerPort: ${container}`, line)
  const ip = parts.join(':')
  if (ip !== '' && !isAddress(ip)) throw changeError(`Invalid ip address: ${ip}`, line)
  refuseOddHost(host, container, inside, line)
  const protocol = given === '' ? 'tcp' : given.toLowerCase()
  if (!['tcp', 'udp', 'sctp'].includes(protocol)) throw changeError(`Invalid proto: ${given}`, line)
  return Array.from({ length: inside.last - inside.first + 1 }, (_, at) => `${String(inside.first + at)}/${protocol}`)
}

function isAddress(text: string): boolean {
  const [, inBrackets] = /^\[(.*)\]$/.exec(text) ?? []
  return inBrackets === undefined ? isIP(text) === 4 : isIP(inBrackets) !== 0
}

interface PortRange {
  readonly first: number
  readonly last: number
}

function portRange(text: string): PortRange | undefined {
  const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? []
  const range = { first: Number(first), last: Number(last) }
  return range.first <= range.last && range.last <= 65_535 ? range : undefined
}

// One port may be any of several of the host.
function refuseOddHost(host: string, container: string, inside: PortRange, line: number): void {
  if (host === '') return
  const outside = portRange(host)
  if (outside === undefined) throw changeError(`Invalid hostPort: ${host}`, line)
  const [ports, hostPorts] = [inside, outside].map(({ first, last }) => last - first)
  if (ports !== 0 && ports !== hostPorts) {
    throw changeError(`Invalid ranges specified for container and host Ports: ${container} and ${host}`, line)
  }
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['ns', 1],
  ['us', 1e3],
  ['µs', 1e3],
  ['μs', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
  ['m', 60e9],
  ['h', 3600e9],
])

/** Nanoseconds of a duration as Go writes it: `1m30s`, `500ms`. Errors: ERR_USAGE. */
export function duration(text: string, line: number): number {
  const quoted = JSON.stringify(text)
  const [, sign, body = ''] = /^([-+]?)(.*)$/s.exec(text) ?? []
  if (body === '0') return 0
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(body)) {
    const [, unit] = /^(?:\d+\.?\d*|\.\d+)([^\d.]+)/.exec(body) ?? []
    const isUnknown = unit !== undefined && !UNITS.has(unit)
    const why = /^[\d.]+$/.test(body)
      ? 'missing unit in'
      : isUnknown
        ? `unknown unit ${JSON.stringify(unit)} in`
        : 'invalid'
    throw changeError(`time: ${why} duration ${quoted}`, line)
  }
  let total = 0
  for (const [, amount, unit = ''] of body.matchAll(/([\d.]+)([a-zµμ]+)/g))
    total += Number(amount) * (UNITS.get(unit) ?? 0)
  return Math.round(sign === '-' ? -total : total)
}

// prettier-ignore
const SIGNALS = new Set(['ABRT', 'ALRM', 'BUS', 'CHLD', 'CLD', 'CONT', 'FPE', 'HUP', 'ILL', 'INT', 'IO', 'IOT', 'KILL', 'PIPE', 'POLL', 'PROF', 'PWR', 'QUIT', 'SEGV', 'STKFLT', 'STOP', 'SYS', 'TERM', 'TRAP', 'TSTP', 'TTIN', 'TTOU', 'URG', 'USR1', 'USR2', 'VTALRM', 'WINCH', 'XCPU', 'XFSZ', 'RTMIN', 'RTMAX'])

/** Refuses what docker knows as no signal: names with or without SIG, numbers from 1. Errors: ERR_USAGE. */
export function refuseNoSignal(text: string, line: number): void {
  const name = text.toUpperCase().replace(/^SIG/, '')
  const isRealTime = /^RTMIN\+(?:[1-9]|1[0-5])$|^RTMAX-(?:[1-9]|1[0-4])$/.test(name)
  const isNumber = /^[-+]?\d+$/.test(text) && Number(text) !== 0
  if (!SIGNALS.has(name) && !isRealTime && !isNumber) throw changeError(`invalid signal: ${text}`, line)
}
