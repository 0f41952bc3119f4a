import type { RunContext } from '../../context.js'
import type { StoreLayer } from '../../model/data-root.js'
import type { FindingLog } from '../../model/finding-log.js'
import type { Companion } from '../../model/companion.js'
import type { Image, Layer, LooseBlob } from '../../model/image.js'
import type { LayerContent } from './drivers.js'
import type { GraphRoot } from './graph-layout.js'
import type { Store } from './store.js'

/** What the reading of a data-root shares. */
export interface RootReading {
  readonly store: Store
  readonly log: FindingLog
  readonly context: RunContext
  /** Images share layers: one object for each chain. */
  readonly layers: Map<string, Layer>
  /** Image stores of docker up to 1.9 that were read. */
  readonly graphs: Map<GraphRoot, Graph>
  /** Stores of containerd that are read, by the keys of their roots. */
  readonly contents: Map<string, Promise<ContainerdContent>>
  /** What is unpacked in them. */
  readonly snapshots: Map<string, readonly Snapshot[]>
  /** What is to be closed with the data-root. */
  readonly closing: (() => Promise<void>)[]
}

/** The image store of a docker up to 1.9. */
export interface Graph {
  /** Images that have names, and those that are no image's parent. */
  readonly images: readonly Image[]
  /** Any image by its whole ID, without names. */
  image(id: string): Image | undefined
  /** Every layer, each after its parent. */
  layers(): readonly StoreLayer[]
}

/** What the content store of a containerd holds. */
export interface ContainerdContent {
  readonly images: readonly Image[]
  readonly loose: readonly LooseBlob[]
  readonly companions: readonly Companion[]
}

/** One tree of a snapshotter: what a layer or a container adds to the tree below it. */
export interface Snapshot {
  /** `moby/7/sha256:…` of a layer by its chainID, `moby/9/ID` and `moby/8/ID-init` of a container. */
  readonly name: string
  /** Name of the tree below it. */
  readonly parent: string | undefined
  /** Of the snapshotter. */
  readonly driver: string
  /** Name of its folder. */
  readonly folder: string
  /** Key of the folder with its files. */
  readonly key: string
  /** Whether all that lies below it is in there too, or only what it adds; undefined where it is no folder of files. */
  readonly content: LayerContent | undefined
  /** Key of the folder of the tree below it, where there is one. */
  readonly base: string | undefined
  /** Bytes that it takes, as containerd counted them when it was whole; of a layer only. */
  readonly size: number | undefined
}
