import { randomBytes } from 'node:crypto'
import { lstat, mkdir, open, readdir, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hexOf, type ChainID, type DiffID } from '../../../bytes/digest.js'
import { outputError } from '../../../bytes/file-place.js'
import { syncDirectory } from '../../../bytes/output.js'
import type { Limits, RunContext } from '../../../context.js'
import { ArchiveError, refuseAborted, toArchiveError } from '../../../errors.js'
import { chainIDs } from '../../../model/chain-id.js'
import type { Image, Layer } from '../../../model/image.js'
import { directoryStore } from '../directory-store.js'
import { readText, type Store } from '../store.js'
import { runningSign } from './in-use.js'
import { withNames } from './names.js'
import { give, namespaceToWrite, ownersOf, type Owners } from './owners.js'
import { settle } from './settle.js'
import { unpackLayer } from './store-layer.js'
import { hasSystemTar } from './system-tar.js'
import { undoList, type Undo } from './undo.js'

/** An image with its config and the diffIDs of its layers, base first. */
export interface ImageToStore {
  readonly image: Image
  readonly config: { readonly bytes: Uint8Array; readonly digest: string }
  readonly diffIDs: readonly DiffID[]
}

/** A layer of an image in the data-root. */
export interface StoredLayer {
  readonly diffID: DiffID
  readonly chainID: ChainID
  /** Name of its folder in overlay2; undefined where the data-root had the layer already. */
  readonly cacheID: string | undefined
  /** Bytes of its files; undefined where it was there. */
  readonly size: number | undefined
}

interface Root {
  readonly path: string
  /** What was there before. */
  readonly store: Store
  readonly limits: Limits
  readonly overlay: string
  readonly layerdb: string
  readonly imagedb: string
  readonly undo: Undo
  readonly owners: Owners
  /** Renames that make everything visible, in their order. */
  readonly finish: (() => Promise<void>)[]
  readonly done: Map<ChainID, StoredLayer>
}

/** Who may write: owners, devices and trusted attributes need root. */
export interface LoadOptions {
  readonly isRoot: boolean
}

/**
 * Stores images in the data-root of a daemon that does not run, as `docker load` into overlay2 does: complete, or the root
 * is as it was. Gives the layers of each image. Errors: ERR_OUTPUT where the root is in use, or no place for overlay2, or
 * something that is needed is missing; those of unpackLayer.
 */
export async function loadInto(
  path: string,
  images: readonly ImageToStore[],
  { isRoot }: LoadOptions,
  given: RunContext,
): Promise<readonly (readonly StoredLayer[])[]> {
  await refuse(path, isRoot)
  const undo = undoList()
  const space = namespaceToWrite(path, given)
  const context = space === undefined ? given : { ...given, userNamespace: space }
  try {
    const root = await prepareRoot(path, ownersOf(space), { undo, context })
    const stored: (readonly StoredLayer[])[] = []
    for (const image of images) stored.push(await storeImage(root, image, context))
    await storeNames(root, images)
    // A name must never lead to what a power cut took away: first all that it leads to is on the disk, then it is made.
    await settle(path)
    refuseAborted(context.signal)
    for (const step of root.finish) await step()
    for (const folder of foldersOf(root)) await syncDirectory(folder)
    return stored
  } catch (error) {
    await undo.all()
    throw outputError(error, path)
  }
}

/** Where names were made that count from now on. */
function foldersOf({ path, layerdb, imagedb }: Root): readonly string[] {
  return [join(layerdb, 'sha256'), join(imagedb, 'content/sha256'), join(path, 'image/overlay2')]
}

async function refuse(path: string, isRoot: boolean): Promise<void> {
  const refusal = (message: string, hint: string) => new ArchiveError('ERR_OUTPUT', message, { location: path, hint })
  if (!isRoot) {
    throw refusal('only root can give files their owners, devices and attributes', 'sudo imgtar load … --into …')
  }
  const status = await lstat(path).catch((cause: unknown) => {
    throw toArchiveError(cause, { location: path, hint: 'an empty directory becomes a data-root: mkdir makes one' })
  })
  if (!status.isDirectory()) throw refusal('a data-root is a directory', 'unpack it first, as root and with its xattrs')
  const names = await readdir(path)
  const drivers = await readdir(join(path, 'image')).catch((): string[] => [])
  if (names.length > 0 && !drivers.includes('overlay2')) {
    const message =
      drivers.length > 0 ? `this data-root keeps images with ${drivers.join(', ')}` : 'this is no data-root'
    throw refusal(`${message}: overlay2 is what can be written`, 'name a data-root of overlay2, or an empty directory')
  }
  const sign = await runningSign(path)
  if (sign !== undefined) {
    throw refusal(`a daemon seems to run on this data-root: ${sign}`, 'stop it, or use docker load')
  }
  if (!(await hasSystemTar())) {
    throw refusal("GNU tar is missing, which sets what Node can't: devices, owners, attributes", 'apt-get install tar')
  }
}

async function prepareRoot(
  path: string,
  owners: Owners,
  { undo, context }: { readonly undo: Undo; readonly context: RunContext },
): Promise<Root> {
  const image = join(path, 'image/overlay2')
  const [overlay, layerdb, imagedb] = [join(path, 'overlay2'), join(image, 'layerdb'), join(image, 'imagedb')]
  const folders: readonly (readonly [string, number])[] = [
    [overlay, 0o710],
    [join(overlay, 'l'), 0o710],
    [join(path, 'image'), 0o700],
    [image, 0o700],
    [layerdb, 0o700],
    [join(layerdb, 'sha256'), 0o755],
    [join(layerdb, 'tmp'), 0o755],
    [imagedb, 0o700],
    [join(imagedb, 'content'), 0o700],
    [join(imagedb, 'content/sha256'), 0o700],
  ]
  for (const [folder, mode] of folders) {
    await makeOnce(folder, mode, { owner: folder === overlay ? owners.way : owners.daemon, undo })
  }
  const store = directoryStore(path, context)
  return { path, store, limits: context.limits, overlay, layerdb, imagedb, undo, owners, finish: [], done: new Map() }
}

async function makeOnce(
  folder: string,
  mode: number,
  { owner, undo }: { readonly owner: Owners['way']; readonly undo: Undo },
): Promise<void> {
  const status = await lstat(folder).catch(() => undefined)
  if (status?.isDirectory() === true) return
  if (status !== undefined) throw misplaced('directory', folder)
  undo.made(folder)
  await mkdir(folder, { mode })
  await give(folder, owner)
}

function misplaced(expected: string, location: string): ArchiveError {
  const hint = 'links are not followed: put what it leads to in its place'
  return new ArchiveError('ERR_OUTPUT', `this is no ${expected}`, { location, hint })
}

async function storeImage(root: Root, { image, config, diffIDs }: ImageToStore, context: RunContext) {
  const chain = chainIDs(diffIDs)
  const stored: StoredLayer[] = []
  for (const [index, layer] of image.layers.entries()) {
    const [diffID, chainID] = [diffIDs[index], chain[index]]
    if (diffID === undefined || chainID === undefined) break
    const known =
      root.done.get(chainID) ?? (await storeLayer(root, layer, { diffID, chainID, parent: chain[index - 1] }, context))
    root.done.set(chainID, known)
    stored.push(known)
  }
  await placeFile(root, join(root.imagedb, 'content/sha256', hexOf(config.digest)), config.bytes)
  return stored
}

interface LayerPlace {
  readonly diffID: DiffID
  readonly chainID: ChainID
  readonly parent: ChainID | undefined
}

async function storeLayer(root: Root, layer: Layer, place: LayerPlace, context: RunContext): Promise<StoredLayer> {
  const { diffID, chainID, parent } = place
  const final = join(root.layerdb, 'sha256', hexOf(chainID))
  if ((await lstat(final).catch(() => undefined)) !== undefined) {
    return { diffID, chainID, cacheID: undefined, size: undefined }
  }
  const cacheID = randomBytes(32).toString('hex')
  const record = join(root.layerdb, 'tmp', `imgtar-${cacheID.slice(0, 16)}`)
  root.undo.made(record)
  await mkdir(record, { mode: 0o755 })
  await give(record, root.owners.daemon)
  const files = await makeFolder(root, cacheID, parent)
  const size = await unpackLayer(layer, { files, sidecar: join(record, 'tar-split.json.gz') }, diffID, context)
  const texts = { diff: diffID, 'cache-id': cacheID, size: String(size), ...(parent !== undefined && { parent }) }
  for (const [name, text] of Object.entries(texts)) await writeFile(join(record, name), text, { mode: 0o644 })
  for (const name of await readdir(record)) await give(join(record, name), root.owners.daemon)
  root.finish.push(async () => {
    root.undo.made(final)
    await rename(record, final)
  })
  return { diffID, chainID, cacheID, size }
}

/** The folder of a layer as overlay2 makes it (moby, daemon/graphdriver/overlay2, create). */
async function makeFolder(root: Root, cacheID: string, parent: ChainID | undefined): Promise<string> {
  const { overlay, undo, owners } = root
  const folder = join(overlay, cacheID)
  const files = join(folder, 'diff')
  const make = async (path: string, mode: number, owner: Owners['way']) => {
    await mkdir(path, { mode })
    await give(path, owner)
  }
  const write = async (name: string, text: string) => {
    await writeFile(join(folder, name), text, { mode: 0o644 })
    await give(join(folder, name), owners.daemon)
  }
  undo.made(folder)
  await make(folder, 0o710, owners.way)
  await make(files, 0o755, owners.container)
  const link = linkName()
  undo.made(join(overlay, 'l', link))
  await symlink(`../${cacheID}/diff`, join(overlay, 'l', link))
  await give(join(overlay, 'l', link), owners.daemon)
  await write('link', link)
  if (parent === undefined) return files
  await make(join(folder, 'work'), 0o700, owners.container)
  const below = cacheOf(root, parent)
  const lower = readText(root.store, `overlay2/${below}/lower`, root.limits) ?? ''
  const own = wordIn(root, `overlay2/${below}/link`)
  await write('lower', [`l/${own}`, ...(lower === '' ? [] : [lower])].join(':'))
  await makeEmpty(root, join(overlay, below, 'committed'))
  return files
}

function cacheOf(root: Root, chainID: ChainID): string {
  const known = root.done.get(chainID)?.cacheID
  return known ?? wordIn(root, `image/overlay2/layerdb/sha256/${hexOf(chainID)}/cache-id`)
}

/** What a file of the data-root names. Errors: ERR_DOCUMENT where it is none, or names nothing that could be a folder. */
function wordIn({ path, store, limits }: Root, key: string): string {
  const text = readText(store, key, limits)
  if (text !== undefined && /^[A-Za-z0-9_-]+$/.test(text)) return text
  throw new ArchiveError('ERR_DOCUMENT', 'a layer of the data-root has no such name', { location: join(path, key) })
}

async function makeEmpty(root: Root, path: string): Promise<void> {
  if ((await lstat(path).catch(() => undefined)) !== undefined) return
  root.undo.made(path)
  await writeFile(path, '', { mode: 0o600 })
  await give(path, root.owners.daemon)
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

// 26 letters: short, so that the options of a mount with 128 layers fit into a page.
function linkName(): string {
  return Array.from(randomBytes(26), (byte) => LETTERS[byte % LETTERS.length]).join('')
}

async function storeNames(root: Root, images: readonly ImageToStore[]): Promise<void> {
  const key = 'image/overlay2/repositories.json'
  const path = join(root.path, key)
  if (!['file', undefined].includes(root.store.typeOf(key))) throw misplaced('file', path)
  const before = readText(root.store, key, root.limits)
  const names = images.flatMap(({ image, config }) => image.names.map((name) => [name, config.digest] as const))
  await placeFile(root, path, new TextEncoder().encode(withNames(before, names, path)), before)
}

/** Writes a file beside, and puts it in its place when all is there; `before` is what it had, to be put back. */
async function placeFile(root: Root, path: string, bytes: Uint8Array, before?: string): Promise<void> {
  const isThere = (await lstat(path).catch(() => undefined)) !== undefined
  if (isThere && before === undefined) return
  const beside = `${path}.imgtar-${randomBytes(8).toString('hex')}`
  root.undo.made(beside)
  const file = await open(beside, 'wx', 0o600)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
  await give(beside, root.owners.daemon)
  root.finish.push(async () => {
    if (before === undefined) root.undo.made(path)
    else root.undo.also(() => writeFile(path, before, { mode: 0o600 }))
    await rename(beside, path)
  })
}
