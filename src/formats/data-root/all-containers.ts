import type { StoreContainer } from '../../model/data-root.js'
import { containerdContainers } from './containerd-containers.js'
import { readContainers } from './container-store.js'
import { storeContainer } from './contents.js'
import { graphContainers } from './graph-containers.js'
import type { RootReading } from './reading.js'
import type { Places } from './places.js'

/** The containers of a data-root, whatever keeps their files. */
export function readAllContainers(reading: RootReading, places: Places): readonly StoreContainer[] {
  const { drivers, containerd, graphs, homes } = places
  const own = readContainers(reading, drivers).map((container) => storeContainer(reading, container))
  const ids = new Set(own.map(({ id }) => id))
  const others = containerd.length === 0 ? [] : containerdContainers(reading, homes, containerd)
  return [...own, ...others.filter(({ id }) => !ids.has(id)), ...graphContainers(reading, graphs)]
}
