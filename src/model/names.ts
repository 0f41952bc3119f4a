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
