import type { RunContext } from '../context.js'
import type { Layer } from '../model/image.js'
import { readFiles } from '../tree/read-files.js'
import { lookup } from '../tree/resolve.js'
import type { HeaderProfile, OwnerNames } from '../tree/tar-members.js'
import type { Tree } from '../tree/tree.js'

const MOST_OWNERS = 1024 * 1024

/** What of headers depends on the engine. Docker 23 stopped naming owners, 24 stopped writing file types into modes. */
export async function engineProfile(
  {
    tree,
    layers,
    engine,
  }: { readonly tree: Tree; readonly layers: readonly Layer[]; readonly engine: number | undefined },
  context: RunContext,
): Promise<Pick<HeaderProfile, 'typeBits' | 'owners'>> {
  if (engine === undefined || engine > 23) return {}
  // It looked owners up by the ids that they have on the host, where those of a user namespace have no names.
  const isNameless = engine === 23 || layers.some(({ hasShiftedOwners }) => hasShiftedOwners === true)
  return isNameless ? { typeBits: true } : { typeBits: true, owners: await ownersOf(tree, layers, context) }
}

/**
 * Owners as the daemon looked them up in the root filesystem: by its passwd and group, with root and the nobody of systemd
 * for those that are not there.
 */
async function ownersOf(tree: Tree, layers: readonly Layer[], context: RunContext): Promise<OwnerNames> {
  const users = await namesIn('etc/passwd', { tree, layers }, context)
  const groups = await namesIn('etc/group', { tree, layers }, context)
  return {
    user: (uid) => users.get(uid) ?? (uid === 0 ? 'root' : uid === 65534 ? 'nobody' : ''),
    group: (gid) => groups.get(gid) ?? (gid === 0 ? 'root' : gid === 65534 ? 'nogroup' : ''),
  }
}

// passwd(5) and group(5) alike: the name first, the number third; the first of a number counts.
async function namesIn(
  path: string,
  { tree, layers }: { readonly tree: Tree; readonly layers: readonly Layer[] },
  context: RunContext,
): Promise<ReadonlyMap<number, string>> {
  const names = new Map<number, string>()
  const found = lookup(tree, path, true)
  if (found === undefined) return names
  const onFile = (_: unknown, content: Uint8Array) => {
    for (const line of new TextDecoder().decode(content).split('\n')) {
      const [name = '', , digits = ''] = line.split(':')
      if (/^\d+$/.test(digits) && name !== '' && !names.has(Number(digits))) names.set(Number(digits), name)
    }
  }
  await readFiles({ layers, files: [found], most: MOST_OWNERS, onFile }, context)
  return names
}
