import type { ByteRing } from './byte-ring.js'
import { hashRing } from './hash-ring.js'
import { serveJobs } from './worker.js'

serveJobs((input) => {
  const ring = input as ByteRing // hash-beside.ts posts nothing else
  return Promise.resolve(hashRing(ring))
})
