import type { IdMap, UserNamespace } from '../context.js'

/** Ids in a block of /etc/subuid, unless somebody changed that (useradd, SUB_UID_COUNT). */
export const SUB_IDS = 65536

/**
 * Reads `UID:GID`, what root is on the host, all other ids following; or `UID:GID,UID:GID`, where the second pair is what
 * the id 1 is, as for a rootless daemon. Undefined where it is neither.
 */
export function parseUserNamespace(text: string): UserNamespace | undefined {
  const [, uid, gid, firstUid, firstGid] = /^(\d{1,10}):(\d{1,10})(?:,(\d{1,10}):(\d{1,10}))?$/.exec(text) ?? []
  if (uid === undefined || gid === undefined) return undefined
  const mapOf = (root: number, first: string | undefined): IdMap => ({
    root,
    first: first === undefined ? root + 1 : Number(first),
  })
  return { uid: mapOf(Number(uid), firstUid), gid: mapOf(Number(gid), firstGid) }
}

/**
 * Whether the ids of containers do not follow on that of their root, as only a rootless daemon has them: it is root in the
 * namespace itself, and sees the ids that its containers see.
 */
export function isRootless(space: UserNamespace | undefined): boolean {
  return space !== undefined && space.uid.first !== space.uid.root + 1
}

/** The id that a container sees for one of the host; ids that no container can have stay as they are. */
export function idInContainer({ root, first, block = Infinity }: IdMap, id: number): number {
  if (id === root) return 0
  return id >= first ? ((id - first) % block) + 1 : id
}

/** The id on the host for one of a container; undefined where it is more than a namespace has. */
export function idOnHost({ root, first }: IdMap, id: number): number | undefined {
  if (id === 0) return root
  return id < SUB_IDS ? first + id - 1 : undefined
}
