import type { ByteRing } from './byte-ring.js'
import { hasher } from './digest.js'
import { hashRing } from './hash-ring.js'
import { serveJobs } from './worker.js'

serveJobs((input) => {
  const ring = input as ByteRing // hash-beside.ts posts nothing else
  const hash = hasher()
  hashRing(ring, hash)
  return Promise.resolve(hash.digest())
})
