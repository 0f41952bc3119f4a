import { count } from '../../errors.js'
import type { ImageFacts } from './facts.js'
import { summed, totalOf } from './facts.js'
import type { RuleBody } from './rules.js'
import { failed, kept, type Answer } from './answer.js'

type SizeRule = Extract<RuleBody, { kind: 'total' | 'stored' | 'layer' | 'layers' | 'growth' }>

/** Holds an image against a bound on its size; what cannot be measured keeps no bound. */
export function sizeAnswer(rule: SizeRule, facts: ImageFacts): Answer {
  const { image, measurements } = facts
  switch (rule.kind) {
    case 'total':
      return bounded('the layers together', totalOf(image, measurements), rule.most)
    case 'stored':
      return bounded(
        'the stored layers together',
        summed(image.layers.map((layer) => measurements.of(layer)?.size ?? layer.blob?.size)),
        rule.most,
      )
    case 'layer':
      return largest(facts, rule.most)
    case 'layers': {
      const layers = image.layers.length
      return { ok: layers <= rule.most, message: `${count(layers, 'layer')}, at most ${rule.most} are allowed` }
    }
    case 'growth':
      return growth(rule, facts)
  }
}

function bounded(what: string, bytes: number | undefined, most: number): Answer {
  if (bytes === undefined) return failed(`${what} cannot be measured: some are missing or damaged`)
  return { ok: bytes <= most, message: `${what} have ${bytes} bytes, at most ${most} are allowed` }
}

function largest({ image, measurements }: ImageFacts, most: number): Answer {
  const sizes = image.layers.map((layer) => measurements.of(layer)?.diffSize)
  const unknown = sizes.indexOf(undefined)
  if (unknown >= 0) return failed(`layer ${unknown} cannot be measured: it is missing or damaged`)
  const known = sizes.map((size) => size ?? 0)
  const top = Math.max(0, ...known)
  return { ok: top <= most, message: `layer ${known.indexOf(top)} has ${top} bytes, at most ${most} are allowed` }
}

function growth({ most, unit }: Extract<SizeRule, { kind: 'growth' }>, facts: ImageFacts): Answer {
  const { baseline, image, measurements } = facts
  if (baseline === undefined) return failed('there is nothing to compare with: give --baseline')
  const [only, ...others] = baseline.images
  const same = baseline.images.find(({ names }) =>
    names.some((name) => repositories(image.names).has(repository(name))),
  )
  const before = others.length === 0 ? only : same
  if (before === undefined) return failed(`${baseline.archive} holds no image of that name`)
  const [now, then] = [totalOf(image, measurements), before.total]
  if (now === undefined || then === undefined) return failed('layers are missing or damaged, so that sizes are unknown')
  const allowed = unit === 'bytes' ? most : (then * most) / 100
  const message = `${now} bytes, ${then} in the baseline: ${signed(now - then)}`
  return now - then <= allowed ? kept(message) : failed(`${message}, ${unit === 'bytes' ? most : `${most} %`} allowed`)
}

function repositories(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map(repository))
}

function repository(name: string): string {
  return name.replace(/:[^:/]*$/, '')
}

function signed(bytes: number): string {
  return bytes > 0 ? `+${bytes}` : String(bytes)
}
