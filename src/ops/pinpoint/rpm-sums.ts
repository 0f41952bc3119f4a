import { cleanKey } from '../../tar/path.js'
import {
  numbersAt,
  openHeader,
  pathBudget,
  RPM_TAGS,
  rpmPaths,
  textsAt,
  type PathBudget,
  type RpmHeader,
} from '../packages/rpm-header.js'
import { rpmDatabases, rpmHeaders } from '../packages/rpm.js'
import { SUM_BYTES, sumFromHex, type SumAlgorithm, type SumClaim, type SumReader } from './sum.js'

// PGPHASHALGO_* as FILEDIGESTALGO has them; headers without the tag are older than it.
const ALGORITHMS: Readonly<Record<number, SumAlgorithm>> = {
  1: 'md5',
  2: 'sha1',
  8: 'sha256',
  9: 'sha384',
  10: 'sha512',
}
const OLD_ALGORITHM = 1

// RPMFILE_CONFIG and RPMFILE_GHOST: files that are meant to change, or were never in the package.
const CHANGING = 0x1 | 0x40
// RPMVERIFY_FILEDIGEST: cleared where `rpm -V` is told not to compare contents.
const VERIFIES_DIGEST = 0x1

/** rpm: FILEDIGESTS of each package's header, in SQLite or ndb; what `rpm -V` would not hold against them is left out. */
export const rpmSums: SumReader = {
  databases: rpmDatabases,
  read(_path, content) {
    const claims: SumClaim[] = []
    const budget = pathBudget()
    for (const bytes of rpmHeaders(content)) {
      const header = openHeader(bytes)
      if (header !== undefined) for (const claim of claimsOf(header, budget)) claims.push(claim)
    }
    return { claims }
  },
}

function* claimsOf(header: RpmHeader, budget: PathBudget): Generator<SumClaim> {
  const algorithm = ALGORITHMS[numbersAt(header, RPM_TAGS.fileDigestAlgo, 1)[0] ?? OLD_ALGORITHM]
  if (algorithm === undefined) return
  const paths = rpmPaths(header, budget)
  const digests = textsAt(header, RPM_TAGS.fileDigests, paths.length)
  const flags = numbersAt(header, RPM_TAGS.fileFlags, paths.length)
  const verifyFlags = numbersAt(header, RPM_TAGS.fileVerifyFlags, paths.length)
  for (const [at, path] of paths.entries()) {
    const sum = sumFromHex(digests[at] ?? '', SUM_BYTES[algorithm])
    const { key } = cleanKey(path)
    const isHeld = ((flags[at] ?? 0) & CHANGING) === 0 && ((verifyFlags[at] ?? -1) & VERIFIES_DIGEST) !== 0
    if (sum !== undefined && isHeld && key !== '') yield { path: key, algorithm, sum }
  }
}
