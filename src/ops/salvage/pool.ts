import { createHash } from 'node:crypto'
import { hexOf, type DiffID } from '../../bytes/digest.js'
import { chunksOf, slice } from '../../bytes/source.js'
import type { RunContext } from '../../context.js'
import type { LooseMember } from '../../model/loose-member.js'
import type { Measurement } from '../../tar/measurement.js'
import { measureBlobs } from '../../tree/measure-pool.js'
import { hashNamed, type Documents } from './documents.js'
import { firstBy } from './first-by.js'

/** What came of a layer: `intact` by a digest that was claimed for it, `unproved` where nothing claims one. */
export type PartState = 'intact' | 'unproved' | 'damaged'

/** A member that is a layer, or should be one. */
export interface LayerPart {
  readonly member: LooseMember
  readonly measured: Measurement
  readonly state: PartState
}

/** The layers of a damaged archive. */
export interface LayerPool {
  readonly parts: readonly LayerPart[]
  /** Those of them that are damaged. */
  readonly damaged: readonly LayerPart[]
  /** The layer with that diffID, as it was measured. */
  withDiffID(diffID: DiffID): LayerPart | undefined
  /** The member of that name. */
  named(path: string): LayerPart | undefined
}

/** Measures the members that are layers. Errors: ERR_IO, ERR_ABORTED. */
export async function layerPool(
  members: readonly LooseMember[],
  documents: Documents,
  context: RunContext,
): Promise<LayerPool> {
  const claims = claimsOf(documents)
  const fitted = await Promise.all(members.map((member) => fit(member, hashesFor(member, claims), context)))
  const blobs = fitted.map(({ source }) => ({ blob: source, layer: 'sniff' as const }))
  const measurements = await measureBlobs(blobs, context)
  const parts = fitted.flatMap((member): LayerPart[] => {
    const measured = measurements.get(member.source)
    if (measured === undefined || !isLayer(member, measured, claims)) return []
    return [{ member, measured, state: stateOf(member, measured, claims) }]
  })
  const byDiffID = firstBy(parts, ({ state, measured }) => (state === 'damaged' ? undefined : measured.diffID))
  const byName = firstBy(parts, ({ member }) => nameOf(member))
  return {
    parts,
    damaged: parts.filter(({ state }) => state === 'damaged'),
    withDiffID: (diffID) => byDiffID.get(diffID),
    named: (path) => byName.get(path),
  }
}

/** As documents name it: from the root of the archive. */
function nameOf({ path }: LooseMember): string {
  return path.replace(/^\.?\/+/, '')
}

interface Claims {
  /** Every sha256 that is claimed for anything, in hex. */
  readonly hashes: ReadonlySet<string>
  /** By member, the diffID that a config claims for it. */
  readonly byPath: ReadonlyMap<string, string>
}

function claimsOf({ configs, manifests, items }: Documents): Claims {
  const hashes = new Set<string>()
  const byPath = new Map<string, string>()
  for (const { document } of configs)
    for (const diffID of document.value.rootfs?.diff_ids ?? []) hashes.add(hexOf(diffID))
  for (const { document } of manifests) for (const { digest } of document.value.layers ?? []) hashes.add(hexOf(digest))
  const byName = firstBy(configs, ({ member }) => nameOf(member))
  for (const { Config, Layers } of items) {
    const config = byName.get(Config)
    for (const [index, path] of Layers.entries()) {
      const diffID = config?.document.value.rootfs?.diff_ids?.[index]
      if (diffID !== undefined) byPath.set(path, diffID)
    }
  }
  return { hashes, byPath }
}

// What is claimed to be a layer is one, whatever the damage made of it.
function isLayer({ path }: LooseMember, measured: Measurement, { byPath }: Claims): boolean {
  return measured.tar !== undefined || byPath.has(path) || /(?:^|\/)layer\.tar$/.test(path)
}

function stateOf(member: LooseMember, measured: Measurement, { hashes, byPath }: Claims): PartState {
  const { diffID, digest, tar } = measured
  if (member.state === 'cut' || diffID === undefined) return 'damaged'
  const own = [hexOf(diffID), hexOf(digest)]
  if (own.some((hash) => hashes.has(hash) || hash === hashNamed(member.path))) return 'intact'
  const isClaimed = hashNamed(member.path) !== undefined || byPath.has(member.path)
  return isClaimed || tar?.whole !== true ? 'damaged' : 'unproved'
}

function hashesFor({ path }: LooseMember, { hashes }: Claims): ReadonlySet<string> {
  const named = hashNamed(path)
  return named === undefined ? hashes : new Set([...hashes, named])
}

/** A member whose length had to be guessed, with the length that gives a hash somebody claims. */
async function fit(member: LooseMember, hashes: ReadonlySet<string>, context: RunContext): Promise<LooseMember> {
  const { least, source } = member
  if (least === undefined || least >= source.size) return member
  const length = (await lengthWith(member, hashes, context)) ?? least
  const fitted = slice(source, { offset: 0, length }, source.location)
  return { ...member, source: fitted, layer: (index, claims) => member.layer(index, claims, length) }
}

const BLOCK = 512

async function lengthWith(
  { source, least = 0 }: LooseMember,
  hashes: ReadonlySet<string>,
  { signal }: RunContext,
): Promise<number | undefined> {
  const hash = createHash('sha256')
  for await (const chunk of chunksOf(slice(source, { offset: 0, length: least }, source.location), signal)) {
    hash.update(chunk)
  }
  // Of a document or a compressed layer single bytes are unknown, of a tar whole blocks.
  const step = source.size - least < BLOCK ? 1 : BLOCK
  for (let length = least; ; length += step) {
    if (hashes.has(hash.copy().digest('hex'))) return length
    if (length + step > source.size) return undefined
    hash.update(await source.read({ offset: length, length: step }, signal))
  }
}
