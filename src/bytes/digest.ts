import { createHash } from 'node:crypto'

declare const brand: unique symbol

/** `algorithm:encoded`, as the OCI image spec writes it; lower-case hex for sha256 and sha512. */
export type Digest = string & { readonly [brand]: 'digest' }
/** sha256 of a layer's uncompressed tar, all bytes. */
export type DiffID = Digest & { readonly layer: 'diff' }
/** Identity of a stack of layers (OCI image spec, config.md, "Layer ChainID"). */
export type ChainID = Digest & { readonly layer: 'chain' }

/** Algorithms whose digests can be checked here. */
export type DigestAlgorithm = 'sha256' | 'sha512'

const HEX_LENGTH: Record<DigestAlgorithm, number> = { sha256: 64, sha512: 128 }
// OCI image spec, descriptor.md: algorithm ::= component (separator component)*; encoded ::= [a-zA-Z0-9=_-]+
const GRAMMAR = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/

/** What a string is as a digest: checkable here, well formed but of another algorithm, or no digest at all. */
export type DigestKind = 'known' | 'unknown-algorithm' | 'invalid'

/** The algorithm of a digest that can be checked here, or undefined. */
export function algorithmOf(digest: string): DigestAlgorithm | undefined {
  const name = digest.slice(0, digest.indexOf(':'))
  return name === 'sha256' || name === 'sha512' ? name : undefined
}

/** Judges a string by the digest grammar; never use one that is `invalid` as a path. */
export function digestKind(text: string): DigestKind {
  if (!GRAMMAR.test(text)) return 'invalid'
  const algorithm = algorithmOf(text)
  if (algorithm === undefined) return 'unknown-algorithm'
  const hex = text.slice(algorithm.length + 1)
  return hex.length === HEX_LENGTH[algorithm] && /^[a-f0-9]+$/.test(hex) ? 'known' : 'invalid'
}

/** The string as a digest if it is well formed and can be checked here. */
export function asDigest(text: string): Digest | undefined {
  // The grammar was just checked, which is what the brand stands for.
  return digestKind(text) === 'known' ? (text as Digest) : undefined
}

/** The string as a diffID if it is a sha256 digest; docker accepts no other algorithm in rootfs.diff_ids. */
export function asDiffID(text: string): DiffID | undefined {
  // Well formed and sha256: what a diffID is.
  return text.startsWith('sha256:') && digestKind(text) === 'known' ? (text as DiffID) : undefined
}

/** The hex part of a digest. */
export function hexOf(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1)
}

/** A running digest. */
export interface Hasher {
  update(bytes: Uint8Array): void
  /** The digest of all bytes so far; the hasher is spent. */
  digest(): Digest
}

/** A running digest that another thread may take: whoever feeds it waits for it. */
export interface AnyHasher {
  /** The bytes are the caller's again when it is done. */
  update(bytes: Uint8Array): void | Promise<void>
  digest(): Digest | Promise<Digest>
}

/** A hasher of the given algorithm. */
export function hasher(algorithm: DigestAlgorithm = 'sha256'): Hasher {
  const hash = createHash(algorithm)
  return {
    update: (bytes) => void hash.update(bytes),
    // createHash gives lower-case hex of the right length.
    digest: () => `${algorithm}:${hash.digest('hex')}` as Digest,
  }
}

/** The sha256 digest of bytes in memory. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  const hash = hasher(algorithm)
  hash.update(bytes)
  return hash.digest()
}

/** A diffID made of a measured sha256 digest of an uncompressed layer. */
export function diffIDOf(digest: Digest): DiffID {
  return digest as DiffID // the caller measured the uncompressed bytes
}
