import type { Compression } from '../bytes/compression.js'
import type { DiffID, Digest } from '../bytes/digest.js'
import type { Blocks } from '../bytes/blocks.js'
import type { Room } from '../bytes/output.js'
import type { ByteSource } from '../bytes/source.js'
import type { ImageConfig } from './config.js'
import type { RawJson } from './json.js'
import type { ImageManifest } from './manifest.js'
import type { Platform } from './platform.js'

/** Bytes that lie in the output already, and get their name later. */
export interface Staged {
  readonly size: number
  /** Staged bytes lie in the output in the order of staging, 0 first. */
  readonly order: number
}

/**
 * An output that takes bytes before their digest and size are known: so that what is decompressed, compressed or made on
 * the way is made once.
 */
export interface Staging {
  /** Takes the bytes up; each chunk is used up before the next is asked for. Errors: ERR_OUTPUT, what the chunks throw. */
  stage(chunks: AsyncIterable<Uint8Array>): Promise<Staged>
  /** `stage` for bytes that need not be copied; all were looked at when it resolves. Errors: ERR_OUTPUT, those of the blocks. */
  stageBlocks(blocks: Blocks): Promise<Staged>
  /** Forgets the bytes that were staged last. */
  discard(staged: Staged): Promise<void>
  /** Takes up bytes of a known size that others write, threads among them; absent where only this one can write. */
  readonly reserve?: (size: number) => Promise<Reserved>
}

/** Room for staged bytes. */
export interface Reserved {
  readonly staged: Staged
  readonly room: Room
}

/** Where the stored bytes of a layer come from: the input, or the output itself. */
export type OutgoingContent =
  { readonly kind: 'source'; readonly source: ByteSource } | { readonly kind: 'staged'; readonly staged: Staged }

/** A layer with everything that a writer must say of it. */
export interface OutgoingLayer {
  readonly diffID: DiffID
  /** Of the bytes as they will be stored. */
  readonly digest: Digest
  readonly size: number
  readonly compression: Compression
  readonly content: OutgoingContent
}

/** An image with everything that a writer must say of it: all is known, only the contents are still to be copied. */
export interface OutgoingImage {
  /** As docker prints them, sorted. */
  readonly names: readonly string[]
  readonly platform: Platform
  /** Its bytes decide the imageID. */
  readonly config: RawJson<ImageConfig>
  /** Only where it still describes config and layers as they will be stored: its bytes are kept. */
  readonly manifest: RawJson<ImageManifest> | undefined
  /** Of a manifest that had to be made anew. */
  readonly annotations: ReadonlyMap<string, string>
  /** Of its descriptor in index.json, beside names. */
  readonly entryAnnotations?: ReadonlyMap<string, string>
  /** What its names led to: images of one index have the same. */
  readonly targetDigest?: Digest
  /** Base first. */
  readonly layers: readonly OutgoingLayer[]
}
