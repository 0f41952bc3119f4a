import type { Digest } from '../../bytes/digest.js'
import type { ByteSource } from '../../bytes/source.js'
import type { RunContext } from '../../context.js'
import type { EngineName } from '../../model/engine-names.js'
import type { LoadMember, LoadView } from '../../model/load-view.js'
import type { ConfigType, ReadConfig } from './docker-config.js'
import type { LayerReader } from './layer-facts.js'
import type { Unpackings } from './unpackings.js'

/**
 * What becomes of an archive: `unusable` is loaded and listed, but no container can be made of it; `hangs` never
 * answers; `crashes` takes the daemon down.
 */
export type Verdict = 'accepted' | 'unusable' | 'refused' | 'hangs' | 'crashes'

/** An image that an engine would show, also one that a refused archive leaves behind. */
export interface PredictedImage {
  /** As the engine shows it; undefined where the engine has none to show. */
  readonly imageID: Digest | undefined
  readonly names: readonly string[]
  /** Why this one cannot be used, where others can. */
  readonly fault?: string
}

/** What one engine would do with an archive. */
export interface Prediction {
  /** Its id, as `--for` takes it. */
  readonly engine: EngineName
  readonly verdict: Verdict
  /** Why not, in the engine's words. */
  readonly reason?: string
  readonly images: readonly PredictedImage[]
  /** What it would pass over in silence. */
  readonly ignores: readonly string[]
}

/** What engines look at. */
export interface Given {
  readonly view: LoadView
  readonly members: MemberNames
  readonly documents: DocumentReader
  readonly layers: LayerReader
  readonly unpackings: Unpackings
  readonly context: RunContext
}

/** Reads documents for engine after engine; any number of images may name the same one. */
export interface DocumentReader {
  /** All bytes of a document, which are small or refused. Errors: Stop where they are over the limit, ERR_IO. */
  read(source: ByteSource): Promise<Uint8Array>
  /** `readConfig` of bytes that `read` gave. */
  config(bytes: Uint8Array, as: ConfigType): ReadConfig
}

/** The members of a view by their names; where several have one, the first. */
export interface MemberNames {
  /** As stored. */
  readonly stored: ReadonlyMap<string, LoadMember>
  /** As Go's path.Clean leaves it. */
  readonly clean: ReadonlyMap<string, LoadMember>
}

/** An image while the load goes on. */
export interface LoadedImage {
  readonly imageID: Digest | undefined
  readonly names: Set<string>
  fault?: string
}

/** What comes of a load while it goes on: what is there when it stops was not taken back. */
export interface Loading {
  readonly images: LoadedImage[]
  readonly ignores: Set<string>
  /** Images that others are made from: listed only where they have names. */
  readonly parents: Set<Digest>
  readonly byID: Map<Digest, LoadedImage>
  readonly owners: Map<string, LoadedImage>
}

/** Before anything is loaded. */
export function emptyLoading(): Loading {
  return { images: [], ignores: new Set(), parents: new Set(), byID: new Map(), owners: new Map() }
}

/** An engine as it is judged. */
export interface Engine {
  /** As `--for` takes it. */
  readonly id: EngineName
  /** Version, store and command that the rules were observed on. */
  readonly title: string
  /** Plays the load through. Errors: Stop where the engine stops, and those of reading. */
  load(given: Given, loading: Loading): Promise<void>
}

/** Where an engine stops, and what it says. */
export class Stop extends Error {
  override readonly name = 'Stop'
  readonly verdict: Exclude<Verdict, 'accepted'>

  constructor(reason: string, verdict: Exclude<Verdict, 'accepted'> = 'refused') {
    super(reason)
    this.verdict = verdict
  }
}

/** Stops where there is a reason to. Errors: Stop. */
export function stopIf(reason: string | undefined): void {
  if (reason !== undefined) throw new Stop(reason)
}

/** The image with that ID: a second one of the same content is the same. */
export function addImage(loading: Loading, imageID: Digest): LoadedImage {
  const known = loading.byID.get(imageID)
  if (known !== undefined) return known
  const image: LoadedImage = { imageID, names: new Set() }
  loading.images.push(image)
  loading.byID.set(imageID, image)
  return image
}

/** A name belongs to one image: the last that claims it. */
export function giveName(loading: Loading, image: LoadedImage, name: string): void {
  const owner = loading.owners.get(name)
  if (owner === image) return
  owner?.names.delete(name)
  loading.owners.set(name, image)
  image.names.add(name)
}
