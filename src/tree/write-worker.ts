import { serveJobs } from '../bytes/worker.js'
import { assembledSize } from '../tar/split-assembly.js'
import { writeAssembly, type WriterJob } from './write-assembly.js'

serveJobs((input, onBytes): Promise<unknown> => {
  const job = input as WriterJob // write-pool.ts posts nothing else
  return job.want === 'size' ? assembledSize(job.assembly, job.limits) : writeAssembly(job, onBytes)
})
