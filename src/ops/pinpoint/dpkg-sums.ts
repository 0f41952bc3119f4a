import { cleanKey, latin1 } from '../../tar/path.js'
import { lookup } from '../../tree/resolve.js'
import { walkTree } from '../../tree/tree.js'
import { SUM_BYTES, sumFromHex, type SumClaim, type SumReader } from './sum.js'

// Distroless images keep theirs in status.d.
const FOLDERS = ['var/lib/dpkg/info', 'var/lib/dpkg/status.d']

/** Debian: `<package>.md5sums`, a line a file: 32 hex digits, two spaces, the name; configuration files are not in it. */
export const dpkgSums: SumReader = {
  *databases(tree) {
    for (const folder of FOLDERS) {
      const found = lookup(tree, folder)
      if (found?.node.inode.type !== 'directory') continue
      for (const file of walkTree(tree, found)) if (file.path.endsWith('.md5sums')) yield file
    }
  },
  read(_path, content) {
    const claims: SumClaim[] = []
    let oddLine: number | undefined
    for (const [index, line] of latin1(content).split('\n').entries()) {
      if (line === '') continue
      const sum = sumFromHex(line.slice(0, 32), SUM_BYTES.md5)
      const { key } = cleanKey(line.slice(34))
      const isLine = sum !== undefined && /^ [ *]$/.test(line.slice(32, 34)) && key !== ''
      if (isLine) claims.push({ path: key, algorithm: 'md5', sum })
      else oddLine ??= index + 1
    }
    return { claims, ...(oddLine !== undefined && { oddLine }) }
  },
}
