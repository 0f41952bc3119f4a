import { familiarName, parseReference } from './reference.js'

/** Things by each of their names, in their order; one that has a name twice is there once. */
export function groupedByName<T>(things: readonly T[], namesOf: (thing: T) => readonly string[]): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const thing of things) {
    for (const name of new Set(namesOf(thing))) {
      const group = groups.get(name)
      if (group === undefined) groups.set(name, [thing])
      else group.push(thing)
    }
  }
  return groups
}

/** The annotations of a descriptor in index.json that name it: in full, as containerd reads it, and as OCI has it. */
export const NAME_ANNOTATIONS = ['io.containerd.image.name', 'org.opencontainers.image.ref.name'] as const

/** What an archive can hold of names. */
export interface NameLimits {
  /** Whether all engines are to see the same names in manifest.json and index.json. */
  readonly docker: boolean
  /** Digests of what a name leads to: the manifest of an image, and indexes above it. */
  readonly digests: ReadonlySet<string>
}

/**
 * Names as an archive can hold them, each once. A name with a digest must lead to that digest. RepoTags take names with a
 * tag and without digest; of the others a docker archive has only `name@digest`, which goes into index.json alone: it
 * gives no tag to anything, so that engines which do not see it still name the same.
 */
export function heldNames(names: readonly string[], limits: NameLimits): readonly string[] {
  return [...new Set(names.flatMap((name) => heldName(name, limits) ?? []))]
}

function heldName(name: string, { docker, digests }: NameLimits): string | undefined {
  const reference = parseReference(name)
  if (reference?.digest === undefined) return docker && reference?.tag === undefined ? undefined : name
  if (!digests.has(reference.digest)) return undefined
  const { registry, repository, digest } = reference
  return docker ? familiarName({ registry, repository, digest }) : name
}

/** Whether a name has a tag and no digest, as RepoTags of manifest.json want it. */
export function isTagged(name: string): boolean {
  const reference = parseReference(name)
  return reference?.tag !== undefined && reference.digest === undefined
}

/** Whether a name has a digest and no tag. */
export function isDigested(name: string): boolean {
  const reference = parseReference(name)
  return reference?.digest !== undefined && reference.tag === undefined
}
