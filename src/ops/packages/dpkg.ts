import { lookup } from '../../tree/resolve.js'
import { walkTree, type Located, type Tree } from '../../tree/tree.js'
import { textOf, type Package, type PackageReader } from './package.js'

const STATUS = 'var/lib/dpkg/status'
// Distroless images keep one file a package here, and md5sums instead of lists.
const STATUS_PARTS = 'var/lib/dpkg/status.d'
const INFO = 'var/lib/dpkg/info'

/** Debian's packages: deb822 stanzas of /var/lib/dpkg/status, lists of files in /var/lib/dpkg/info. */
export const dpkg: PackageReader = {
  manager: 'dpkg',
  *databases(tree) {
    yield* named(tree, STATUS)
    const parts = lookup(tree, STATUS_PARTS)
    if (parts === undefined) return
    for (const file of walkTree(tree, parts)) if (!file.path.endsWith('.md5sums')) yield file
  },
  *read(path, content) {
    for (const stanza of textOf(content).split(/\n[ \t]*\n/)) {
      const fields = fieldsOf(stanza)
      const [name, version] = [fields.get('package'), fields.get('version')]
      if (name === undefined || version === undefined || !isInstalled(fields.get('status'))) continue
      yield packageOf(path, { name, version, architecture: fields.get('architecture') ?? '' })
    }
  },
  keeps: (path) =>
    /^var\/lib\/dpkg(?:\/|$)/.test(path) || path.startsWith('var/lib/apt/') || path === 'var/log/dpkg.log',
}

function* named(tree: Tree, path: string): Generator<Located> {
  const found = lookup(tree, path)
  if (found !== undefined) yield found
}

// dpkg(1), package states: all others have files in the tree. No status: a file of status.d, only there for what is installed.
function isInstalled(status = 'installed'): boolean {
  return !/\b(?:not-installed|config-files)$/.test(status)
}

function packageOf(
  path: string,
  { name, version, architecture }: Record<'name' | 'version' | 'architecture', string>,
): Package {
  const isPart = path !== STATUS
  const files = isPart
    ? ({ kind: 'list', lists: [`${path}.md5sums`], base: '', column: 'md5sums' } as const)
    : ({
        kind: 'list',
        lists: [`${INFO}/${name}.list`, `${INFO}/${name}:${architecture}.list`],
        base: '',
        column: 'line',
      } as const)
  return { manager: 'dpkg', name, version, architecture, files }
}

/** Fields of a stanza by lower-case name; continuation lines are left out. */
function fieldsOf(stanza: string): Map<string, string> {
  const fields = new Map<string, string>()
  for (const line of stanza.split('\n')) {
    const colon = line.indexOf(':')
    if (colon > 0 && line[0] !== ' ' && line[0] !== '\t')
      fields.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim())
  }
  return fields
}
