import { serveJobs } from '../bytes/worker.js'
import { writeAssembly, type WriteJob } from './write-assembly.js'

serveJobs((input, onBytes) => {
  const job = input as WriteJob // write-pool.ts posts nothing else
  return writeAssembly(job, onBytes)
})
