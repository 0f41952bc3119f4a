import { toArchiveError } from '../../errors.js'
import type { Descriptor } from '../../model/descriptor.js'
import { parseReference } from '../../model/reference.js'
import { boltBucket, boltNumber, boltText, boltValue, openBolt, type BoltBucket } from '../bbolt.js'
import type { RootReading } from './reading.js'

/** An image by one of its names. */
export interface NamedTarget {
  /** As meta.db has it: `docker.io/library/app:1`. */
  readonly name: string
  readonly descriptor: Descriptor
}

/** What meta.db says of images. */
export interface ContainerdNames {
  readonly targets: readonly NamedTarget[]
  /** Whether all of it could be read; what could not is a finding. */
  readonly isWhole: boolean
}

/** The images of a containerd by the names that its meta.db has (containerd, core/metadata/buckets.go). */
export function readContainerdNames({ store, log }: RootReading, path: string): ContainerdNames {
  const targets: NamedTarget[] = []
  const file = store.open(path)
  if (typeof file === 'string') {
    log.add('STORE_NAMES', `the database of containerd is ${file}`, { path })
    return { targets, isWhole: false }
  }
  try {
    // What was read before the damage counts.
    for (const target of targetsOf(openBolt(file, `${store.location} › ${path}`))) targets.push(target)
    return { targets, isWhole: true }
  } catch (error) {
    log.addError('STORE_NAMES', toArchiveError(error), { path })
    return { targets, isWhole: false }
  } finally {
    file.close()
  }
}

// Every namespace: docker's is moby, kubernetes has k8s.io, and a name may stand in several.
function* targetsOf(database: BoltBucket): Generator<NamedTarget> {
  const seen = new Set<string>()
  for (const space of boltBucket(database, 'v1')?.items() ?? []) {
    const images = space.kind === 'bucket' ? boltBucket(space.bucket, 'images') : undefined
    for (const item of images?.items() ?? []) {
      const target = item.kind === 'bucket' ? boltBucket(item.bucket, 'target') : undefined
      if (target === undefined) continue
      const named = namedTarget(boltText(item.key), target)
      const identity = `${named.name} ${named.descriptor.digest}`
      if (!seen.has(identity)) yield named
      seen.add(identity)
    }
  }
}

function namedTarget(name: string, target: BoltBucket): NamedTarget {
  const reference = isDangling(name) ? undefined : parseReference(name)
  const annotations =
    reference?.tag === undefined || reference.digest !== undefined
      ? undefined
      : new Map([['io.containerd.image.name', name]])
  const descriptor = {
    mediaType: boltText(boltValue(target, 'mediatype')),
    digest: boltText(boltValue(target, 'digest')),
    size: boltNumber(boltValue(target, 'size')),
    ...(annotations && { annotations }),
  }
  return { name, descriptor }
}

/** Whether docker made up the name for an image that lost its own. */
export function isDangling(name: string): boolean {
  return name.startsWith('moby-dangling@')
}
