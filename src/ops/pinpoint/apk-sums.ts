import { decodeBase64 } from '../../bytes/base64.js'
import { cleanKey, latin1 } from '../../tar/path.js'
import { lookup } from '../../tree/resolve.js'
import { SUM_BYTES, sumFromHex, type SumAlgorithm, type SumClaim, type SumReader } from './sum.js'

// Since apk-tools 3 below /usr; one may be a link to the other.
const DATABASES = ['lib/apk/db/installed', 'usr/lib/apk/db/installed']

/**
 * Alpine: lib/apk/db/installed, where `F:` names a directory, `R:` a file in it, and the `Z:` that follows its checksum:
 * `Q1` and base64 of a SHA-1, `Q2` of a SHA-256 (apk-tools, src/blob.c), or hex digits of an MD5.
 */
export const apkSums: SumReader = {
  *databases(tree) {
    const seen = new Set<string>()
    for (const path of DATABASES) {
      const found = lookup(tree, path)
      if (found === undefined || seen.has(found.path)) continue
      seen.add(found.path)
      yield found
    }
  },
  read(_path, content) {
    const claims: SumClaim[] = []
    let oddLine: number | undefined
    let [directory, file] = ['', '']
    for (const [index, line] of latin1(content).split('\n').entries()) {
      const value = line.slice(2)
      if (line.startsWith('F:')) directory = value
      else if (line.startsWith('R:')) file = value
      else if (line === '') [directory, file] = ['', '']
      else if (line.startsWith('Z:')) {
        const found = sumOf(value)
        if (found === undefined || file === '') oddLine ??= index + 1
        else claims.push({ path: cleanKey(directory === '' ? file : `${directory}/${file}`).key, ...found })
        file = ''
      } else if (line[1] !== ':') oddLine ??= index + 1
    }
    return { claims, ...(oddLine !== undefined && { oddLine }) }
  },
}

function sumOf(text: string): { algorithm: SumAlgorithm; sum: Uint8Array } | undefined {
  const algorithm = text.startsWith('Q1') ? 'sha1' : text.startsWith('Q2') ? 'sha256' : 'md5'
  const sum = algorithm === 'md5' ? sumFromHex(text, SUM_BYTES.md5) : decodeBase64(text.slice(2).padEnd(28, '='))
  return sum?.length === SUM_BYTES[algorithm] ? { algorithm, sum } : undefined
}
