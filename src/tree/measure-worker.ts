import { fileChunks } from '../bytes/file-chunks.js'
import { serveJobs } from '../bytes/worker.js'
import { measureBlob } from './measure.js'
import type { MeasureJob } from './measure-pool.js'

serveJobs((input, onBytes) => {
  const job = input as MeasureJob // measure-pool.ts posts nothing else
  return measureBlob(fileChunks(job.place, job.size, onBytes), job.options)
})
