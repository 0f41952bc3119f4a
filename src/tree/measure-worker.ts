import { fileChunks } from '../bytes/file-chunks.js'
import { serveJobs } from '../bytes/worker.js'
import type { Measurement } from '../tar/measurement.js'
import { measureBlob } from './measure.js'
import type { MeasureJob } from './measure-pool.js'

serveJobs<MeasureJob, Measurement>((job, onBytes) => measureBlob(fileChunks(job.place, job.size, onBytes), job.options))
