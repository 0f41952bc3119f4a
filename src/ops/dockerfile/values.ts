import { changeError } from './error.js'

/** The keys of ExposedPorts that one argument of EXPOSE stands for: ranges are written out. Errors: ERR_USAGE. */
export function exposedPorts(spec: string, line: number): readonly string[] {
  const [ports = '', protocol = 'tcp', ...more] = spec.split('/')
  // What stands before a colon would be the host's side, as in docker run -p.
  const container = ports.slice(ports.lastIndexOf(':') + 1)
  if (container === '') throw changeError(`no port specified: ${spec}<empty>`, line)
  const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(container) ?? []
  const [from, to] = [Number(first), Number(last)]
  if (!(from <= to) || to > 65_535) throw changeError(`invalid containerPort: ${container}`, line)
  const kind = protocol.toLowerCase()
  if (more.length > 0 || !['tcp', 'udp', 'sctp'].includes(kind)) {
    throw changeError(`invalid proto: ${[protocol, ...more].join('/')}`, line)
  }
  return Array.from({ length: to - from + 1 }, (_, at) => `${String(from + at)}/${kind}`)
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
    const why = /^[\d.]+$/.test(body) ? 'missing unit in' : 'invalid'
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
