import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { pipeAt } from '../../src/bytes/pipe.js'
import { collect } from '../support/chunks.js'
import { freshFolder } from '../support/folder.js'

/** All that comes down the pipe at a path. */
async function bytesAt(path: string, signal?: AbortSignal): Promise<Uint8Array> {
  const chunks = await pipeAt(path, signal)
  if (chunks === undefined) throw new Error(`${path} is no pipe`)
  return collect(chunks)
}

const inFolder = freshFolder()
let fifo = ''
beforeEach(() => {
  fifo = inFolder('fifo')
  spawnSync('mkfifo', [fifo])
})

describe('a path that can be read anywhere, or is not there', () => {
  test('is no pipe', async () => {
    writeFileSync(inFolder('file'), 'bytes')
    expect(await pipeAt(inFolder('file'))).toBeUndefined()
    expect(await pipeAt(inFolder())).toBeUndefined()
    expect(await pipeAt(inFolder('missing'))).toBeUndefined()
  })
})

describe.skipIf(spawnSync('mkfifo', ['--version']).error !== undefined)('a FIFO', () => {
  test('gives the bytes of a writer who comes later', async () => {
    const read = bytesAt(fifo)
    const bytes = new Uint8Array(300_000).fill(7)
    await writeFile(fifo, bytes)
    expect(await read).toEqual(bytes)
  })

  test('is left as soon as the reader is interrupted, though nobody ever writes', { timeout: 5000 }, async () => {
    const controller = new AbortController()
    const read = bytesAt(fifo, controller.signal)
    setTimeout(() => controller.abort(), 20)
    await expect(read).rejects.toMatchObject({ code: 'ERR_ABORTED', location: fifo })
  })

  test('is not waited for where the interruption came first', { timeout: 5000 }, async () => {
    await expect(bytesAt(fifo, AbortSignal.abort())).rejects.toMatchObject({ code: 'ERR_ABORTED' })
  })
})

test.skipIf(process.platform === 'win32')('a device gives bytes as a pipe does', async () => {
  expect(await bytesAt('/dev/null')).toHaveLength(0)
})
