import type { StoreContainer } from '../../model/data-root.js'
import { readContainers } from './container-store.js'
import { storeContainer } from './contents.js'
import type { RootReading } from './image-store.js'
import type { Places } from './places.js'

/** The containers of a data-root, whatever keeps their files. */
export function readAllContainers(reading: RootReading, { drivers }: Places): readonly StoreContainer[] {
  return readContainers(reading, drivers).map((container) => storeContainer(reading, container))
}
