import { lchown } from 'node:fs/promises'
import type { RunContext, UserNamespace } from '../../../context.js'
import { ArchiveError } from '../../../errors.js'
import { isRootless } from '../../../model/user-namespace.js'
import { userNamespaceAt } from '../container-ids.js'
import { directoryStore } from '../directory-store.js'

interface Owner {
  readonly uid: number
  readonly gid: number
}

/** Whom what a daemon makes belongs to, on the host. */
export interface Owners {
  /** Root in containers: of files of layers. */
  readonly container: Owner
  /** The daemon: of all that containers do not see. */
  readonly daemon: Owner
  /** Of folders on the way to the files of layers: the daemon's, for the group that is root in containers. */
  readonly way: Owner
}

/** The owners in a data-root with this user namespace; a rootless daemon is root in its own containers. */
export function ownersOf(space: UserNamespace | undefined): Owners {
  const container = { uid: space?.uid.root ?? 0, gid: space?.gid.root ?? 0 }
  const daemon = isRootless(space) ? container : { uid: 0, gid: 0 }
  return { container, daemon, way: { uid: daemon.uid, gid: container.gid } }
}

/** Gives a path that root made its owner. */
export async function give(path: string, { uid, gid }: Owner): Promise<void> {
  if (uid !== 0 || gid !== 0) await lchown(path, uid, gid)
}

/**
 * The user namespace of a data-root that is written: the one that was named, or what shows in it. Errors: ERR_OUTPUT where
 * it would have to be guessed.
 */
export function namespaceToWrite(path: string, context: RunContext): UserNamespace | undefined {
  const space = context.userNamespace ?? userNamespaceAt(directoryStore(path, context), '')
  if (space?.uid.block === undefined && space?.gid.block === undefined) return space
  throw new ArchiveError('ERR_OUTPUT', 'this data-root is of a rootless daemon: its ids are not known', {
    location: path,
    hint: '--userns UID:GID,UID:GID: the user, and where his lines in /etc/subuid and /etc/subgid begin',
  })
}
