import { posix } from 'node:path'
import type { DiffID } from '../../bytes/digest.js'
import type { ByteSource } from '../../bytes/source.js'
import { applyNaive } from './apply.js'
import { emptyDirectory, type DiskDirectory } from './disk.js'
import { brokenWords, untarWords, type DockerRules } from './docker-rules.js'
import { rawWords, tarWords, type LayerFacts } from './layer-facts.js'
import { Stop, stopIf, type Given } from './prediction.js'
import { unpack, type UntarEntry } from './untar.js'

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
  const below = emptyDirectory()
  let count = 0
  return {
    async add(source) {
      if (count >= MOST_LAYERS) throw new Stop('max depth exceeded')
      const facts = await given.layers.read(source)
      stopIf(refusal(facts, rules, below))
      count += 1
      return facts.diffID ?? stopWithout(facts, rules)
    },
  }
}

function stopWithout(facts: LayerFacts, rules: DockerRules): never {
  throw new Stop(untarWords(rules, brokenWords(rules, facts.compression), 'layer'))
}

function refusal(facts: LayerFacts, rules: DockerRules, below: DiskDirectory): string | undefined {
  const told = (message: string | undefined) =>
    message === undefined ? undefined : untarWords(rules, message, 'layer')
  if (facts.compression === 'zstd' && !rules.zstd) return told(rawWords(facts.size))
  if (facts.stream === 'checksum' && rules.checksum === 'refused') {
    return told('unpigz: skipping: <stdin>: corrupted -- crc32 mismatch')
  }
  const entries = beforeDuplicate(facts.entries)
  const words =
    rules.driver === 'vfs'
      ? applyNaive(below, entries)
      : unpack(emptyDirectory(), entries, { whiteouts: 'overlay', dialect: rules.dialect })
  if (words !== undefined) return told(words)
  if (entries.length < facts.entries.length) return told('duplicates of file paths not supported')
  if (facts.stream === 'truncated' || facts.stream === 'damaged') return told(brokenWords(rules, facts.compression))
  return facts.fault === undefined ? undefined : told(tarWords(facts.fault))
}

/** tar-split keeps what docker needs to write the layer again, and stops at a path that it has met (FORMATS 5.1). */
export function beforeDuplicate(entries: readonly UntarEntry[]): readonly UntarEntry[] {
  const seen = new Set<string>()
  const end = entries.findIndex(({ name }) => {
    const clean = goClean(name)
    if (seen.has(clean)) return true
    seen.add(clean)
    return false
  })
  return end < 0 ? entries : entries.slice(0, end)
}

/** path.Clean of Go: no slash at the end, `.` for nothing. */
export function goClean(name: string): string {
  const clean = posix.normalize(name)
  return clean.length > 1 && clean.endsWith('/') ? clean.slice(0, -1) : clean
}
