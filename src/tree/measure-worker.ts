import { fileChunks } from '../bytes/file-chunks.js'
import { serveJobs } from '../bytes/worker.js'
import type { MeasureJob } from './measure-pool.js'
import { measureUnpacked } from './measure-unpacked.js'

serveJobs((input, onBytes) => {
  const job = input as MeasureJob // measure-pool.ts posts nothing else
  return measureUnpacked(fileChunks(job.place, job.size, onBytes), job.options, job.tree)
})
