import { isDirectory } from './node.js'
import { walkTree, type Located, type Tree } from './tree.js'

/**
 * What is wanted of a tree, with all that is in a wanted directory, and the directories on the way to it, in the order of
 * `walkTree`. `isWanted` is asked with cleaned paths.
 */
export function* chosen(tree: Tree, isWanted: (path: string) => boolean): Generator<Located, void> {
  const above: Located[] = []
  let inside: string | undefined
  for (const located of walkTree(tree)) {
    const { path } = located
    if (inside !== undefined && path.startsWith(inside)) {
      yield located
      continue
    }
    inside = undefined
    while (above.length > 0 && !path.startsWith(`${above.at(-1)?.path ?? ''}/`)) above.pop()
    if (isWanted(path)) {
      yield* above.splice(0)
      yield located
      if (isDirectory(located.node)) inside = `${path}/`
    } else if (isDirectory(located.node)) above.push(located)
  }
}
