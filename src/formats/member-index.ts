import { cleanKey } from '../tar/path.js'
import type { Member, Resolution } from './files.js'

// Docker follows 255 links; nobody writes archives that need more than a few.
const MOST_HOPS = 40

/** Members by path with the directories that their paths imply. */
export class MemberIndex {
  private readonly members = new Map<string, Member>()
  private readonly children = new Map<string, Set<string>>()

  /** Adds a member; of one path the last counts, as in moby's load. Tells whether the path was taken by a file. */
  add(member: Member): { readonly replaced: Member | undefined } {
    const replaced = this.members.get(member.path)
    this.members.set(member.path, member)
    this.addParents(member.path)
    return { replaced }
  }

  get(path: string): Member | undefined {
    return this.members.get(path)
  }

  all(): Iterable<Member> {
    return this.members.values()
  }

  list(directory: string): readonly string[] {
    return [...(this.children.get(directory) ?? [])].sort()
  }

  /** Follows links as files of a directory tree would, but never out of the archive. */
  resolve(path: string): Resolution {
    let current = path
    for (let hop = 0; hop <= MOST_HOPS; hop++) {
      const step = this.step(current)
      if (typeof step !== 'string') return step
      current = step
    }
    return broken('MEMBER_LINK_BROKEN', `${path} goes round in a circle of links`)
  }

  /** The resolution of a path, or the path that a link on the way turns it into. */
  private step(path: string): Resolution | string {
    const linked = this.linkOnTheWay(path)
    if (linked !== undefined) return this.follow(linked.member, path.slice(linked.member.path.length))
    const member = this.members.get(path)
    if (member === undefined) {
      return this.children.has(path) ? broken('MEMBER_LINK_BROKEN', `${path} is a directory`) : { kind: 'missing' }
    }
    if (member.type === 'symlink' || member.type === 'hardlink') return this.follow(member, '')
    if (member.source === undefined && member.type === 'file') {
      return { kind: 'cut', ...(member.offset !== undefined && { offset: member.offset }) }
    }
    if (member.source === undefined) {
      const what = member.type === 'directory' ? 'a directory' : 'no regular file'
      return broken('MEMBER_LINK_BROKEN', `${path} is ${what}`, member.offset)
    }
    const { source, offset, measurement } = member
    return {
      kind: 'file',
      file: { source, path, ...(offset !== undefined && { offset }), ...(measurement && { measurement }) },
    }
  }

  private linkOnTheWay(path: string): { member: Member } | undefined {
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      const member = this.members.get(path.slice(0, slash))
      if (member?.type === 'symlink') return { member }
    }
    return undefined
  }

  private follow(member: Member, rest: string): Resolution | string {
    const { type, path, linkPath, offset } = member
    const parent = path.slice(0, path.lastIndexOf('/') + 1)
    // A hard link names a member from the root of the archive, a symlink starts in its own directory.
    const absolute = linkPath.startsWith('/') || type === 'hardlink'
    const target = cleanKey(absolute ? linkPath : parent + linkPath)
    const outside = target.escapes || (type === 'symlink' && linkPath.startsWith('/'))
    if (outside) return broken('MEMBER_LINK_ESCAPES', `${path} is a link that leaves the archive`, offset)
    const next = target.key + rest
    if (next === path) return broken('MEMBER_LINK_BROKEN', `${path} is a link to itself`, offset)
    if (
      !this.members.has(target.key) &&
      !this.children.has(target.key) &&
      this.linkOnTheWay(target.key) === undefined
    ) {
      return broken('MEMBER_LINK_BROKEN', `${path} is a link to ${target.key}, which is not in the archive`, offset)
    }
    return next
  }

  private addParents(path: string): void {
    let child = path
    while (child !== '') {
      const slash = child.lastIndexOf('/')
      const parent = slash < 0 ? '' : child.slice(0, slash)
      const known = this.children.get(parent)
      if (known?.has(child.slice(slash + 1)) === true) return
      if (known === undefined) this.children.set(parent, new Set([child.slice(slash + 1)]))
      else known.add(child.slice(slash + 1))
      child = parent
    }
  }
}

function broken(code: 'MEMBER_LINK_BROKEN' | 'MEMBER_LINK_ESCAPES', message: string, offset?: number): Resolution {
  return { kind: 'broken', code, message, ...(offset !== undefined && { offset }) }
}
