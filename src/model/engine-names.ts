/** Engines whose rules are known, as `--for` takes them; oldest first within a family (docs/engines.md). */
export const ENGINE_NAMES = [
  'docker-20',
  'docker-20-vfs',
  'docker-26',
  'docker-28',
  'docker-28-debian',
  'docker-29',
  'containerd',
  'skopeo-1.9-docker',
  'skopeo-1.9-oci',
  'skopeo-docker',
  'skopeo-oci',
  'podman-4',
  'podman',
  'podman-vfs',
  'crane',
  'umoci',
] as const

/** One of them. */
export type EngineName = (typeof ENGINE_NAMES)[number]

/** What stands for several: `skopeo` is the transport that the archive is for. */
export const ENGINE_FAMILIES = {
  all: ENGINE_NAMES,
  docker: ['docker-20', 'docker-26', 'docker-28', 'docker-29'],
  skopeo: ['skopeo-docker', 'skopeo-oci'],
  'skopeo-1.9': ['skopeo-1.9-docker', 'skopeo-1.9-oci'],
} as const satisfies Readonly<Record<string, readonly EngineName[]>>

/** What `--for` was given: an engine that must take the archive, or all of them to compare. */
export type EngineChoice = EngineName | keyof typeof ENGINE_FAMILIES

/** The text as a choice, or undefined. */
export function asEngineChoice(text: string): EngineChoice | undefined {
  const families = Object.keys(ENGINE_FAMILIES)
  // Just looked up in both lists, which is what the type stands for.
  return [...ENGINE_NAMES, ...families].includes(text) ? (text as EngineChoice) : undefined
}

/** What a choice stands for. */
export function enginesOf(choice: EngineChoice): readonly EngineName[] {
  return choice in ENGINE_FAMILIES
    ? ENGINE_FAMILIES[choice as keyof typeof ENGINE_FAMILIES] // a key, as was just asked
    : [choice as EngineName] // what is no family is a name
}
