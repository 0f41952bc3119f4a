import { serveJobs } from '../bytes/worker.js'
import { measureAssembly, type AssemblyJob } from './measure-assembly.js'

serveJobs((input, onBytes) => {
  const job = input as AssemblyJob // assembly-pool.ts posts nothing else
  return measureAssembly(job, onBytes)
})
