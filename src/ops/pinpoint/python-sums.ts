import { decodeBase64 } from '../../bytes/base64.js'
import { cleanKey, latin1 } from '../../tar/path.js'
import { walkTree } from '../../tree/tree.js'
import { SUM_BYTES, type SumClaim, type SumReader } from './sum.js'

const RECORD = /^(?:(.*)\/)?[^/]+\.dist-info\/RECORD$/
// "name","sha256=…",size where a name with a comma or a quote stands in quotes (PEP 376, PEP 427).
const LINE = /^(?:"((?:[^"]|"")*)"|([^",]*)),([^,]*),(\d*)$/

/** Python: `*.dist-info/RECORD`, a CSV row a file: its name relative to the site directory, `sha256=` base64url, size. */
export const pythonSums: SumReader = {
  *databases(tree) {
    for (const file of walkTree(tree)) {
      if (file.path.endsWith('.dist-info/RECORD') && file.node.inode.type === 'file') yield file
    }
  },
  read(path, content) {
    const base = RECORD.exec(path)?.[1] ?? ''
    const claims: SumClaim[] = []
    let oddLine: number | undefined
    for (const [index, raw] of latin1(content).split('\n').entries()) {
      const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw
      if (line === '') continue
      const row = LINE.exec(line)
      const name = row?.[1]?.replaceAll('""', '"') ?? row?.[2] ?? ''
      const hash = row?.[3] ?? ''
      const sum = sumOf(hash)
      if (name === '' || (hash !== '' && sum === undefined)) oddLine ??= index + 1
      else if (sum instanceof Uint8Array) {
        const key = name.startsWith('/') ? name : `${base}/${name}`
        claims.push({ path: cleanKey(key).key, algorithm: 'sha256', sum })
      }
    }
    return { claims, ...(oddLine !== undefined && { oddLine }) }
  },
}

/** The bytes of a sha256, `other` for an algorithm that is not looked at, undefined where the text is neither. */
function sumOf(text: string): Uint8Array | 'other' | undefined {
  const [, algorithm, value = ''] = /^([a-z0-9_]+)=([A-Za-z0-9_-]+=*)$/.exec(text) ?? []
  if (algorithm === undefined) return undefined
  if (algorithm !== 'sha256') return /^(?:md5|sha\d+|blake2[bs]|sha3_\d+)$/.test(algorithm) ? 'other' : undefined
  const plain = value.replace(/=+$/, '').replaceAll('-', '+').replaceAll('_', '/').padEnd(44, '=')
  const sum = decodeBase64(plain)
  return sum?.length === SUM_BYTES.sha256 ? sum : undefined
}
