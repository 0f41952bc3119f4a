import type { Limits } from '../../src/context.js'
import { packed, type Members } from '../support/archives.js'
import type { LayerEntry } from '../support/layers.js'
import { openedBytes, troubles, type Opened } from '../support/opened.js'

/** An attack: members, entries that stand before them, limits. */
export interface Attack {
  readonly members: Members
  readonly before?: readonly LayerEntry[]
  readonly limits?: Partial<Limits>
}

/** Both ways of reading an attack; neither may take it for whole. */
export async function attacked({ members, before = [], limits }: Attack): Promise<readonly Opened[]> {
  return attackedBy(packed(members, before), limits)
}

/** The same for bytes. */
export async function attackedBy(bytes: Uint8Array, limits: Partial<Limits> = {}): Promise<readonly Opened[]> {
  const outcomes = [await openedBytes('file', bytes, { limits }), await openedBytes('pipe', bytes, { limits })]
  for (const outcome of outcomes) {
    if (outcome.error === undefined && troubles(outcome).length === 0) throw new Error('the attack went unseen')
  }
  return outcomes
}
