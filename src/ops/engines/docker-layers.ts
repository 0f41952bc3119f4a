import type { DiffID } from '../../bytes/digest.js'
import type { ByteSource } from '../../bytes/source.js'
import { brokenWords, untarWords, type DockerRules } from './docker-rules.js'
import { rawWords, tarWords, type LayerFacts } from './layer-facts.js'
import { Stop, stopIf, type Given } from './prediction.js'
import type { NaiveStack, Unpackings } from './unpackings.js'

/** The layers of one image as they are registered, base first. */
export interface LayerStack {
  /** Reads and applies the next layer. Errors: Stop, in the words of dockerd. */
  add(source: ByteSource): Promise<DiffID>
}

// overlay2 and the layer store allow no more (FORMATS 2.2).
const MOST_LAYERS = 125

/** An empty stack for dockerd with a graph driver. */
export function layerStack(given: Given, rules: DockerRules): LayerStack {
  // vfs copies the layers below; overlay2 gives each layer a directory of its own.
  const below = given.unpackings.naive()
  let count = 0
  return {
    async add(source) {
      if (count >= MOST_LAYERS) throw new Stop('max depth exceeded')
      const facts = await given.layers.read(source)
      stopIf(refusal(facts, rules, { unpackings: given.unpackings, below }))
      count += 1
      return facts.diffID ?? stopWithout(facts, rules)
    },
  }
}

function stopWithout(facts: LayerFacts, rules: DockerRules): never {
  throw new Stop(untarWords(rules, brokenWords(rules, facts.compression), 'layer'))
}

function refusal(
  facts: LayerFacts,
  rules: DockerRules,
  { unpackings, below }: { readonly unpackings: Unpackings; readonly below: NaiveStack },
): string | undefined {
  const told = (message: string | undefined) =>
    message === undefined ? undefined : untarWords(rules, message, 'layer')
  if (facts.compression === 'zstd' && !rules.zstd) return told(rawWords(facts.size))
  if (facts.stream === 'checksum' && rules.checksum === 'refused') {
    return told('unpigz: skipping: <stdin>: corrupted -- crc32 mismatch')
  }
  const words = rules.driver === 'vfs' ? below.add(facts) : unpackings.overlay(facts, rules.dialect)
  if (words !== undefined) return told(words)
  if (unpackings.unique(facts) < facts.entries.length) return told('duplicates of file paths not supported')
  if (facts.stream === 'truncated' || facts.stream === 'damaged') return told(brokenWords(rules, facts.compression))
  return facts.fault === undefined ? undefined : told(tarWords(facts.fault))
}
