import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runJobs } from '../../src/bytes/worker-pool.js'
import { startThreads } from '../../src/bytes/worker-threads.js'

let folder = ''
let echo: URL

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imgtar-threads-'))
  const file = join(folder, 'echo.mjs')
  const code = `import { parentPort, threadId } from 'node:worker_threads'
parentPort.on('message', ({ index, input }) => parentPort.postMessage({ kind: 'done', index, output: [input, threadId] }))`
  await writeFile(file, code)
  echo = pathToFileURL(file)
})

afterAll(() => rm(folder, { recursive: true }))

describe('threads that are started ahead', () => {
  test('do the jobs, and are gone afterwards', async () => {
    const threads = startThreads(echo, 2)
    const ids = threads.all.map(({ worker }) => worker.threadId)
    const outputs: [string, number][] = []
    await runJobs<[string, number]>(echo, ['a', 'b', 'c'], {
      concurrency: 2,
      threads,
      onDone: (_, output) => outputs.push(output),
    })
    expect(outputs.map(([input]) => input).sort()).toEqual(['a', 'b', 'c'])
    expect(outputs.every(([, id]) => ids.includes(id))).toBe(true)
    expect(threads.all.map(({ worker }) => worker.threadId)).toEqual([-1, -1])
  })

  test('end when they are disposed of, also where no job came', async () => {
    const threads = startThreads(echo, 2)
    await threads[Symbol.asyncDispose]()
    expect(threads.all.map(({ worker }) => worker.threadId)).toEqual([-1, -1])
  })

  test('fail the jobs, even when they fell over before the jobs came', async () => {
    const missing = new URL('missing.mjs', echo)
    const threads = startThreads(missing, 1)
    await expect(threads.all[0]?.failed).rejects.toThrow('missing.mjs')
    const run = runJobs(missing, ['a'], { concurrency: 1, threads, onDone: () => undefined })
    await expect(run).rejects.toThrow('missing.mjs')
  })
})
