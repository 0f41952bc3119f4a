import type { ContainerConfig } from '../../model/config.js'
import { failed, kept, noneOf, type Answer } from './answer.js'
import type { ImageFacts } from './facts.js'
import type { Expected, RuleBody } from './rules.js'
import { regexOf } from './schema.js'

type Rule<Kind extends RuleBody['kind']> = Extract<RuleBody, { kind: Kind }>
type ConfigRule = Rule<
  'not-root' | 'user' | 'workdir' | 'no-env' | 'env' | 'label' | 'entrypoint' | 'cmd' | 'port' | 'volume'
>

/** Holds the config of an image against a rule. */
export function configAnswer(rule: ConfigRule, { image }: ImageFacts): Answer {
  if (image.configSource.kind === 'absent') return failed('the archive holds no config')
  const config = image.config.config ?? {}
  switch (rule.kind) {
    case 'not-root':
      return notRoot(config)
    case 'user':
      return same('the user', config.User ?? '', rule.value)
    case 'workdir':
      return same('the working directory', config.WorkingDir ?? '', rule.value)
    case 'no-env':
      return noEnv(config, regexOf(rule.pattern))
    case 'env':
      return keyed('environment variable', environmentOf(config).get(rule.key), rule)
    case 'label':
      return keyed('label', config.Labels?.get(rule.key), rule)
    case 'entrypoint':
      return same('the entrypoint', JSON.stringify(config.Entrypoint ?? []), JSON.stringify(rule.value))
    case 'cmd':
      return same('the command', JSON.stringify(config.Cmd ?? []), JSON.stringify(rule.value))
    case 'port':
      return listed('port', portsOf(config), rule)
    case 'volume':
      return listed('volume', new Set(config.Volumes?.keys() ?? []), rule)
  }
}

/** Nobody named is root; 0 is root, with any group. */
function notRoot({ User = '' }: ContainerConfig): Answer {
  const [user = ''] = User.split(':')
  const isRoot = user === '' || user === 'root' || /^0+$/.test(user)
  return isRoot ? failed(`the user is ${User === '' ? 'not set, which is root' : User}`) : kept(`the user is ${User}`)
}

// The value may be a secret: the message tells the key only.
function noEnv({ Env = [] }: ContainerConfig, pattern: RegExp): Answer {
  const found = Env.filter((entry) => pattern.test(entry)).map((entry) => entry.replace(/=[^]*$/, ''))
  return noneOf(found, 'forbidden environment variables')
}

function environmentOf({ Env = [] }: ContainerConfig): ReadonlyMap<string, string> {
  return new Map(
    Env.map((entry) => {
      const equals = entry.indexOf('=')
      return equals < 0 ? [entry, ''] : [entry.slice(0, equals), entry.slice(equals + 1)]
    }),
  )
}

function keyed(
  what: string,
  value: string | undefined,
  { key, expected }: { readonly key: string; readonly expected?: Expected | undefined },
): Answer {
  if (value === undefined) return failed(`there is no ${what} ${key}`)
  if (expected === undefined) return kept(`there is a ${what} ${key}`)
  const fits = expected.isRegex ? regexOf(expected.value).test(value) : value === expected.value
  const wanted = expected.isRegex ? `something that matches ${expected.value}` : expected.value
  return fits ? kept(`the ${what} ${key} is as it should be`) : failed(`the ${what} ${key} is ${value}, not ${wanted}`)
}

function same(what: string, actual: string, expected: string): Answer {
  return actual === expected
    ? kept(`${what} is ${actual}`)
    : failed(`${what} is ${actual || 'not set'}, not ${expected}`)
}

/** As `80/tcp`, and without the protocol where that is TCP, as docker takes it. */
function portsOf({ ExposedPorts }: ContainerConfig): ReadonlySet<string> {
  return new Set([...(ExposedPorts?.keys() ?? [])].flatMap((port) => [port, port.replace(/\/tcp$/, '')]))
}

function listed(what: string, all: ReadonlySet<string>, { name, present }: Rule<'port' | 'volume'>): Answer {
  const isThere = all.has(name)
  return { ok: isThere === present, message: `there is ${isThere ? 'a' : 'no'} ${what} ${name}` }
}
