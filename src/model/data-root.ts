import type { RunContext } from '../context.js'
import type { StackedTree } from '../tar/split-stack.js'
import type { Image, ImageArchive, Layer } from './image.js'

/** A layer of a daemon's store, whether an image uses it or not. */
export interface StoreLayer {
  /** Of a docker up to 1.9 the ID of the image that the layer is. */
  readonly chainID: string
  readonly parent: string | undefined
  readonly driver: string
  /** The driver's name for it. */
  readonly cacheID: string | undefined
  /** Bytes of the tree that a containerd unpacked it to. */
  readonly snapshotSize?: number
  /** The same object that images have in their layers. */
  readonly layer: Layer
  /** Paths that lie in its folder and are none of the layer's, sorted, one latin1 character a byte. */
  added(context: RunContext): Promise<readonly string[]>
  /** Of a layer that lies packed and unpacked: the tree. Its `base` is a key of the data-root. */
  readonly unpacked?: StackedTree
}

/** A container of a daemon's store. */
export interface StoreContainer {
  readonly id: string
  /** Without a slash. */
  readonly name: string
  /** As its config has it: `sha256:…`. */
  readonly imageID: string
  readonly driver: string
  /** chainID of the image's top layer. */
  readonly parent: string | undefined
  /** Its root filesystem; see containerImage. Errors: ERR_NOT_FOUND where its layers are lost. */
  image(): Promise<Image>
  /** What `docker commit` makes an image of. Errors: ERR_NOT_FOUND where its image or its layers are lost. */
  parts(options: { readonly engine?: number }): Promise<ContainerParts>
}

/** A container, taken apart for a commit. */
export interface ContainerParts {
  readonly id: string
  /** The image that it was made of. */
  readonly image: Image
  /** What it wrote, as a layer with the headers of that engine. */
  readonly written: Layer
  /** Its own config, as docker's JSON has it. */
  readonly config: unknown
}

/** A store of images in a data-root. */
export interface StoreDriver {
  readonly path: string
  readonly driver: string
  /** What its files tell of the docker that wrote them: `docker 1.8 or 1.9`. */
  readonly engine: string
}

/** The data-root of a stopped daemon: an archive of images, and what else lies there. */
export interface DataRoot extends ImageArchive {
  readonly drivers: readonly StoreDriver[]
  /** Of all drivers, each after its parent. */
  readonly layers: readonly StoreLayer[]
  readonly containers: readonly StoreContainer[]
  /**
   * A layer made anew of what lies in its folder: its files, but other bytes than the original. Undefined where the driver
   * keeps whole trees, or the folder is gone.
   */
  rebuilt(layer: Layer): Promise<Layer | undefined>
  /** The driver of an image. */
  driverOf(image: Image): string
  /** Repositories of registries that layers of an image came from or went to. */
  sourcesOf(image: Image): readonly string[]
}
