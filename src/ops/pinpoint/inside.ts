import { hexOfBytes } from '../../bytes/hex.js'
import type { RunContext } from '../../context.js'
import { findingLog } from '../../model/finding-log.js'
import type { Layer } from '../../model/image.js'
import { displayKey } from '../../tar/path.js'
import { mergedTree } from '../../tree/merged.js'
import type { Clue } from './clue.js'
import { claimsFor, type LayerClaims, type PlacedClaim } from './databases.js'
import { passOver, type SummedFile } from './layer-pass.js'
import { isNear, type SumAlgorithm } from './sum.js'

/**
 * What the image itself knows of the damage in its layer `index`: the checksums that dpkg, apk and Python keep of their
 * files, as the tree up to that layer has them, and bytes where a tar has only zeros. Errors: those of mergedTree.
 */
export async function cluesInside(layers: readonly Layer[], index: number, context: RunContext): Promise<Clue[]> {
  const layer = layers[index]
  if (layer === undefined) return []
  const below = layers.slice(0, index + 1)
  const tree = await mergedTree(below, findingLog(''), context)
  const claims = await claimsFor({ tree, layers: below, index }, context)
  const clues: Clue[] = []
  await passOver(
    layer,
    {
      wanted: new Map([...claims.byContent].map(([offset, list]) => [offset, algorithmsOf(list)])),
      others: algorithmsOf(claims.unfound),
      onFile(file) {
        for (const clue of cluesOn(file, claims)) clues.push(clue)
      },
      onPadding({ offset, path }) {
        const message = `the bytes behind ${path} that fill up its block are not zeros`
        clues.push({ code: 'DAMAGED_RANGE', message, entry: path, layerOffset: offset })
      },
    },
    context,
  )
  for (const { database, line } of claims.odd) clues.push(onDatabase(database, `line ${line} of it cannot be read`))
  return unique(clues)
}

function algorithmsOf(claims: readonly PlacedClaim[]): ReadonlySet<SumAlgorithm> {
  return new Set(claims.map(({ algorithm }) => algorithm))
}

function* cluesOn(file: SummedFile, { byContent, unfound }: LayerClaims): Generator<Clue> {
  const own = byContent.get(file.offset)
  if (own === undefined) {
    const twisted = unfound.find(({ path, algorithm, sum }) => isTwisted(path, file.key) && same(file, algorithm, sum))
    if (twisted !== undefined) yield onDatabase(twisted.database, `the name that it has for ${file.path} is damaged`)
    return
  }
  for (const { algorithm, sum, database } of own) {
    const actual = file.sums.get(algorithm)
    if (actual === undefined || same(file, algorithm, sum)) continue
    if (isNear(sum, actual)) yield onDatabase(database, `the ${algorithm} that it has for ${file.path} is damaged`)
    else {
      yield {
        code: 'DAMAGED_FILE',
        message: `${file.path} is not what ${displayKey(database.path)} says (bytes ${file.offset} to ${file.offset + file.size} of the layer)`,
        entry: file.path,
        layerOffset: file.offset,
        expected: `${algorithm}:${hexOfBytes(sum)}`,
        actual: `${algorithm}:${hexOfBytes(actual)}`,
      }
    }
  }
}

function same({ sums }: SummedFile, algorithm: SumAlgorithm, sum: Uint8Array): boolean {
  const actual = sums.get(algorithm)
  return actual?.length === sum.length && actual.every((byte, at) => byte === sum[at])
}

// One damaged byte, or two.
function isTwisted(claimed: string, actual: string): boolean {
  if (claimed.length !== actual.length) return false
  let odd = 0
  for (let at = 0; at < claimed.length; at++) if (claimed[at] !== actual[at]) odd += 1
  return odd > 0 && odd <= 2
}

function onDatabase(database: PlacedClaim['database'], why: string): Clue {
  const { offset } = database.node.inode.content
  const path = displayKey(database.path)
  return { code: 'DAMAGED_FILE', message: `${path} is damaged itself: ${why}`, entry: path, layerOffset: offset }
}

/** Several databases may know a file, and several lines of one may be odd. */
function unique(clues: readonly Clue[]): Clue[] {
  const told = new Set<string>()
  return clues.filter(({ code, entry = '' }) => {
    const key = `${code} ${entry}`
    const isNew = !told.has(key)
    told.add(key)
    return isNew
  })
}

/** Where the contents begin that are known to be damaged in a layer, in its tar. Errors: those of cluesInside. */
export async function damagedFiles(
  layers: readonly Layer[],
  index: number,
  context: RunContext,
): Promise<ReadonlySet<number>> {
  const clues = await cluesInside(layers, index, context)
  return new Set(
    clues.flatMap(({ code, layerOffset }) => (code === 'DAMAGED_FILE' && layerOffset !== undefined ? layerOffset : [])),
  )
}
