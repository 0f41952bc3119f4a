import type { V1Document } from '../model/derived-config.js'
import type { FindingDetail, FindingLog } from '../model/finding-log.js'

/** One image of a v1 archive. */
export interface V1Node {
  /** Name of its folder. */
  readonly id: string
  readonly document: V1Document
  readonly place: FindingDetail
}

// dockerd recurses without bound and dies; real chains have at most a few hundred images.
const MOST_PARENTS = 1000

/**
 * The images from the root of a chain to `id`, base first. A gap, a circle or a chain that is too long is a finding and
 * ends the chain there: its base then has a parent.
 */
export function chainOf(nodes: ReadonlyMap<string, V1Node>, id: string, log: FindingLog): readonly V1Node[] {
  const chain: V1Node[] = []
  const seen = new Set<string>()
  let next: string | undefined = id
  while (next !== undefined) {
    const node = nodes.get(next)
    if (node === undefined) {
      const child = chain.at(-1)
      log.add('V1_PARENT_MISSING', `the parent ${next} of ${child?.id ?? id} is not in the archive`, child?.place)
      break
    }
    if (seen.has(next)) {
      log.add('V1_CYCLE', `the parents of ${id} lead back to ${next}`, node.place)
      break
    }
    if (chain.length >= MOST_PARENTS) {
      log.add('LIMIT_REACHED', `${id} has ${MOST_PARENTS} parents or more: not all of them are read`, node.place)
      break
    }
    seen.add(next)
    chain.push(node)
    next = parentOf(node)
  }
  return chain.reverse()
}

/** ID of the parent of an image; the base of a chain that is whole has none. */
export function parentOf(node: V1Node | undefined): string | undefined {
  const parent = node?.document.value.parent
  return parent === '' ? undefined : parent
}

// What is known of an image that is not there.
const UNKNOWN: V1Document = { value: {}, text: '{}' }

/** The documents of a chain, base first, one for each layer: the first layer of a chain with a gap is the missing parent's. */
export function documentsOf(chain: readonly V1Node[]): readonly V1Document[] {
  const documents = chain.map(({ document }) => document)
  return parentOf(chain[0]) === undefined ? documents : [UNKNOWN, ...documents]
}
