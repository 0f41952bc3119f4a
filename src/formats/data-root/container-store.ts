import { z } from 'zod/mini'
import { ArchiveError, toArchiveError } from '../../errors.js'
import { containerConfig } from '../../model/config.js'
import { goStruct, parseJson, type RawJson } from '../../model/json.js'
import { join, type DriverRoot } from './layout.js'
import type { RootReading } from './reading.js'
import { readStored } from './store.js'

const containerJson = goStruct({
  ID: z.optional(z.string()),
  Name: z.optional(z.string()),
  Created: z.optional(z.string()),
  Path: z.optional(z.string()),
  Args: z.optional(z.array(z.string())),
  Config: z.optional(containerConfig),
  Image: z.optional(z.string()),
  Driver: z.optional(z.string()),
  ImageManifest: z.optional(goStruct({ digest: z.optional(z.string()) })),
})

/** A container as its data-root keeps it. */
export interface Container {
  readonly id: string
  /** Without the slash that docker puts before it. */
  readonly name: string
  readonly root: DriverRoot
  /** Key of its folder below containers/. */
  readonly key: string
  readonly config: RawJson<z.output<typeof containerJson>>
}

/** The containers of all drivers, by ID; a config that cannot be read is a finding. */
export function readContainers(reading: RootReading, roots: readonly DriverRoot[]): readonly Container[] {
  const { store } = reading
  const homes = [...new Set(roots.map(({ root }) => root))]
  return homes.flatMap((home) => {
    const folder = join(home, 'containers')
    const ids = store.list(folder).filter((name) => /^[a-f0-9]{64}$/.test(name))
    return ids.flatMap((id) => {
      const found = readContainer(
        reading,
        roots.filter(({ root }) => root === home),
        { id, key: `${folder}/${id}` },
      )
      return found === undefined ? [] : [found]
    })
  })
}

function readContainer(
  reading: RootReading,
  roots: readonly DriverRoot[],
  place: { readonly id: string; readonly key: string },
): Container | undefined {
  const config = readContainerConfig(reading, place, 'config.v2.json')
  if (config === undefined) return undefined
  const { Driver: driver, Name: name = '' } = config.value
  const root = roots.find((one) => one.driver.name === driver) ?? (driver === undefined ? roots[0] : undefined)
  return root === undefined ? undefined : { ...place, name: name.replace(/^\//, ''), root, config }
}

/** The config of a container; one that cannot be read is a finding. */
export function readContainerConfig(
  { store, log, context }: RootReading,
  { id, key }: { readonly id: string; readonly key: string },
  file: 'config.v2.json' | 'config.json',
): Container['config'] | undefined {
  const path = `${key}/${file}`
  try {
    const bytes = readStored(store, path, context.limits)
    if (bytes !== undefined) return parseJson(bytes, containerJson, `${store.location} › ${path}`)
    log.add('STORE_CONTAINER', `the config of container ${id.slice(0, 12)} is gone`, { path })
  } catch (error) {
    log.addError('STORE_CONTAINER', toArchiveError(error), { path })
  }
  return undefined
}

/** The container of that name or (short) ID. Errors: ERR_NOT_FOUND, ERR_REFERENCE where an ID is short for several. */
export function findContainer<Kind extends { readonly id: string; readonly name: string }>(
  containers: readonly Kind[],
  wanted: string,
  location: string,
): Kind {
  const name = wanted.replace(/^\//, '')
  const exact = containers.find((one) => one.name === name || one.id === name)
  if (exact !== undefined) return exact
  const short = /^[a-f0-9]+$/.test(name) ? containers.filter(({ id }) => id.startsWith(name)) : []
  const [only, second] = short
  if (only !== undefined && second === undefined) return only
  const offered = containers.map((one) => `${one.name} (${one.id.slice(0, 12)})`).join(', ')
  const hint = offered === '' ? 'the data-root has no containers' : `it has ${offered}`
  if (second !== undefined)
    throw new ArchiveError('ERR_REFERENCE', `${wanted} is short for several containers`, { location, hint })
  throw new ArchiveError('ERR_NOT_FOUND', `there is no container ${wanted}`, { location, hint })
}
