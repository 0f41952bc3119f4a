import type { RunContext } from '../context.js'
import { ArchiveError } from '../errors.js'
import type { Finding } from '../findings.js'
import { findingLog } from '../model/finding-log.js'
import type { Image, Layer } from '../model/image.js'
import type { StrippedName } from '../model/report-written.js'
import { cuts, withoutParts, type Cuts } from '../tar/cut.js'
import { cleanKey, displayKey, displayPath, latin1 } from '../tar/path.js'
import type { PlainMember } from '../tar/plain-header.js'
import { boundedPath } from '../tree/changes.js'
import type { RecordedEntry } from '../tree/entry-records.js'
import { lentTar, scanLayer } from '../tree/layer-entries.js'
import { entryOfPlain } from '../tree/plain-members.js'
import { isAufsLink, whiteoutOf } from '../tree/whiteout.js'
import { globs, type Globs } from './globs.js'
import { nameOf } from './list-rows.js'
import { refuseHoles } from './merge-whole.js'
import { proveLayers } from './prove-layers.js'
import { changedLayer, knownImage, withLayers } from './relayer.js'

/** What to take out. */
export interface StripOptions {
  /** As the user named it, for findings and errors. */
  readonly archive: string
  /** Patterns over whole paths, as layers store them; a directory goes with all that is in it. */
  readonly paths: readonly string[]
}

/** The image without them. */
export interface Stripped {
  readonly image: Image
  /** What went, layer by layer, base first; sorted within each. */
  readonly stripped: readonly StrippedName[]
  readonly findings: readonly Finding[]
}

/**
 * Takes files out of every layer that stores them, with the whiteouts of them: no layer holds their bytes or their names any
 * more. All other bytes of a layer stay, a layer that stores none of them keeps its diffID, and the history stays. The
 * layers are proved first: damage must not get a diffID of its own. Errors: ERR_NOT_FOUND for a pattern that matches
 * nothing; ERR_USAGE for a hard link to what would go; ERR_LIMIT; those of globs, proveLayers and knownImage, and of
 * wholeTree for layers that are not whole.
 */
export async function strip(image: Image, { archive, paths }: StripOptions, context: RunContext): Promise<Stripped> {
  const unwanted = globs(paths)
  await proveLayers(image.layers, context)
  const known = await knownImage(image, context)
  const log = findingLog(archive)
  const layers: Layer[] = []
  const stripped: StrippedName[] = []
  for (const layer of image.layers) {
    const search = searchIn(layer, unwanted, archive, context)
    const onPlain = (member: PlainMember) => search.see(entryOfPlain(member))
    await scanLayer(layer, { onEntry: search.see, onPlain }, log, context)
    refuseHoles(log.findings, archive)
    const found = search.found()
    for (const one of found) stripped.push(one)
    layers.push(
      found.length === 0 ? layer : changedLayer(layer, (run) => withoutParts(lentTar(layer, run), search.parts)),
    )
  }
  unwanted.refuseUnused(archive)
  return { image: withLayers(known, layers, { history: known.history }), stripped, findings: log.findings }
}

interface Search {
  readonly see: (entry: RecordedEntry) => void
  readonly parts: Cuts
  found(): readonly StrippedName[]
}

function searchIn({ index: layer }: Layer, { matches }: Globs, location: string, { limits }: RunContext): Search {
  const goneWith = goneAbove(matches)
  const parts = cuts()
  const found = new Map<string, { names: number; bytes: number }>()
  return {
    parts,
    see(entry) {
      if (entry.type === 'global') return
      const gone = goneWith(namedBy(boundedPath(entry, limits).key))
      if (entry.type === 'hardlink') refuseLink(entry, { layer, location, isGone: gone !== undefined }, goneWith)
      if (gone === undefined) return
      parts.add(entry)
      const sum = found.get(gone) ?? { names: 0, bytes: 0 }
      found.set(gone, { names: sum.names + 1, bytes: sum.bytes + entry.content.length })
    },
    found: () =>
      [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, sum]) => ({ layer, ...nameOf(key), ...sum })),
  }
}

/** The name that an entry is about: that of a whiteout is the one that it hides. */
function namedBy(key: string): string {
  const mark = whiteoutOf(key)
  return mark?.kind === 'whiteout' || mark?.kind === 'opaque' ? mark.path : key
}

/** Tells the topmost directory, or the name itself, with which a name goes. */
function goneAbove(matches: (key: string) => boolean): (key: string) => string | undefined {
  // Entries of one directory mostly follow each other.
  let directory: string | undefined
  let goneThere: string | undefined
  const topmost = (path: string): string | undefined => {
    if (matches('')) return ''
    for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      if (matches(path.slice(0, slash))) return path.slice(0, slash)
    }
    return path !== '' && matches(path) ? path : undefined
  }
  return (key) => {
    const parent = key.slice(0, Math.max(0, key.lastIndexOf('/')))
    if (parent !== directory) goneThere = topmost(parent)
    directory = parent
    return goneThere ?? (matches(key) ? key : undefined)
  }
}

interface LinkPlace {
  readonly layer: number
  readonly location: string
  /** Whether the link itself goes. */
  readonly isGone: boolean
}

/** A link without its file is none, and a content that AUFS kept apart has no other name that anybody sees. */
function refuseLink(
  { rawPath, rawLinkPath }: RecordedEntry,
  { layer, location, isGone }: LinkPlace,
  goneWith: (key: string) => string | undefined,
): void {
  const target = cleanKey(latin1(rawLinkPath)).key
  const goes = goneWith(target) !== undefined
  if (isGone ? goes || !isAufsLink(target) : !goes) return
  const [name, to] = [displayPath(rawPath), displayKey(target)].map((one) => JSON.stringify(one))
  const why = isGone ? 'which would stay' : 'which would go'
  throw new ArchiveError('ERR_USAGE', `${name} of layer ${layer} is a hard link to ${to}, ${why}`, {
    location,
    hint: 'name both: they are one file',
  })
}
