import { digestOf, type ChainID, type DiffID } from '../bytes/digest.js'

const encoder = new TextEncoder()

/**
 * The chainID of a layer on top of a parent chain: the diffID itself at the base, else
 * sha256(parent + " " + diffID) (OCI image spec, config.md, "Layer ChainID").
 */
export function chainID(parent: ChainID | undefined, diffID: DiffID): ChainID {
  const text: string = parent === undefined ? diffID : digestOf(encoder.encode(`${parent} ${diffID}`))
  return text as ChainID // built by the rule that the brand stands for
}

/** The chainIDs of a stack of layers, base first. */
export function chainIDs(diffIDs: readonly DiffID[]): readonly ChainID[] {
  const chain: ChainID[] = []
  for (const diffID of diffIDs) chain.push(chainID(chain.at(-1), diffID))
  return chain
}
