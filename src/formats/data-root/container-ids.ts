import type { UserNamespace } from '../../context.js'
import type { FindingLog } from '../../model/finding-log.js'
import { idInContainer, isRootless, SUB_IDS } from '../../model/user-namespace.js'
import { DRIVERS } from './drivers.js'
import { join } from './layout.js'
import type { Store, StoreNode } from './store.js'

// What useradd begins with (login.defs, SUB_UID_MIN); the ids of a user's block follow without a gap.
const SUB_ID_MIN = 100_000
// Whom useradd makes users (login.defs, UID_MIN and UID_MAX): another owner is that of a copy, whose owners are lost.
const [USER_MIN, USER_MAX] = [1000, 60_000]

// What a daemon makes for its images: of each driver, of its containerd, and of that if the root is one itself.
const FOLDERS = [
  ...[...DRIVERS.values()].map(({ home }) => home),
  'containerd/daemon',
  'io.containerd.metadata.v1.bolt',
]

/**
 * The user namespace of the data-root at `home`: docker calls the root of a daemon with --userns-remap UID.GID, and that of
 * a rootless one belongs to its user. Undefined where its ids are those of the containers.
 */
export function userNamespaceAt(store: Store, home: string): UserNamespace | undefined {
  const name = /(?:^|\/)(\d{1,10})\.(\d{1,10})\/*$/.exec(home === '' ? store.location : home)
  if (name !== null) return remapped(Number(name[1]), Number(name[2]))
  const [driver] = FOLDERS.flatMap((own) => store.node(join(home, own)) ?? [])
  // The folder of a driver belongs to root, and to the group that is root in containers.
  if (driver?.uid === 0) return driver.gid >= SUB_ID_MIN ? remapped(driver.gid, driver.gid) : undefined
  const isOfUser = driver !== undefined && driver.uid >= USER_MIN && driver.uid <= USER_MAX
  return isOfUser ? { uid: rootless(driver.uid), gid: rootless(driver.gid) } : undefined
}

function remapped(uid: number, gid: number): UserNamespace {
  return { uid: { root: uid, first: uid + 1 }, gid: { root: gid, first: gid + 1 } }
}

function rootless(owner: number): UserNamespace['uid'] {
  return owner === 0 ? { root: 0, first: 1 } : { root: owner, first: SUB_ID_MIN, block: SUB_IDS }
}

/** Tells what ids were taken for, where that was guessed. */
function tellGuess(home: string, { uid, gid }: UserNamespace, log: FindingLog): void {
  if (uid.block === undefined && gid.block === undefined) return
  const message = `a rootless daemon of user ${uid.root}: its containers are taken to have ids from ${SUB_ID_MIN} on, in blocks of ${SUB_IDS}`
  log.add('STORE_USER_NAMESPACE', message, { path: home })
}

/**
 * A store whose files have the owners that containers see, for data-roots with a user namespace; `given` is one that the
 * user named, for all of them. Markers of deleted files belong to the kernel and stay as they are, but for a rootless daemon.
 */
export function withContainerIds(
  store: Store,
  homes: readonly string[],
  given: UserNamespace | undefined,
  log: FindingLog,
): Store {
  const spaces = homes.flatMap((home) => {
    const space = given ?? userNamespaceAt(store, home)
    if (space === undefined) return []
    if (given === undefined) tellGuess(home, space, log)
    return [{ prefix: home === '' ? '' : `${home}/`, space }]
  })
  if (spaces.length === 0) return store
  spaces.sort((a, b) => b.prefix.length - a.prefix.length)
  return {
    ...store,
    node(key) {
      const node = store.node(key)
      const found = node === undefined ? undefined : spaces.find(({ prefix }) => key.startsWith(prefix))
      return node === undefined || found === undefined ? node : shifted(node, found.space)
    },
  }
}

function shifted(node: StoreNode, space: UserNamespace): StoreNode {
  const own = { uid: idInContainer(space.uid, node.uid), gid: idInContainer(space.gid, node.gid) }
  if (isRootless(space)) return { ...node, ...own }
  const isWhiteout = node.type === 'char' && node.devMajor === 0 && node.devMinor === 0
  const isSame = own.uid === node.uid && own.gid === node.gid
  return isWhiteout || isSame ? node : { ...node, ...own, isShifted: true }
}
