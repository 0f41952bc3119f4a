import { hashWritten, type GrowingFile } from './hash-written.js'
import { serveJobs } from './worker.js'

serveJobs((input) => {
  const job = input as GrowingFile // hash-behind.ts posts nothing else
  return Promise.resolve(hashWritten(job))
})
