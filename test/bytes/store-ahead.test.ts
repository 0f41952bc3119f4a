import { open, type FileHandle } from 'node:fs/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { storeAhead } from '../../src/bytes/store-ahead.js'
import { freshFolder } from '../support/folder.js'

const MIB = 1024 * 1024

const at = freshFolder()
let handle: FileHandle
beforeEach(async () => {
  handle = await open(at('a'), 'wx')
})
afterEach(async () => {
  await handle.close()
})

test('the system is asked to store what has come together, one time after the other', async () => {
  const finish: (() => void)[] = []
  const datasync = vi.spyOn(handle, 'datasync').mockImplementation(() => new Promise((done) => finish.push(done)))
  const storing = storeAhead(handle)
  storing.written(63 * MIB)
  expect(datasync).not.toHaveBeenCalled()
  storing.written(MIB)
  storing.written(100 * MIB)
  expect(datasync).toHaveBeenCalledTimes(1)
  finish.shift()?.()
  await vi.waitFor(() => {
    storing.written(1)
    expect(datasync).toHaveBeenCalledTimes(2)
  })
  finish.shift()?.()
  await storing.close()
})

test('what the system said meanwhile is told when all is to be stored, though it would say no more', async () => {
  vi.spyOn(handle, 'datasync').mockRejectedValueOnce(new Error('the disk is full'))
  const sync = vi.spyOn(handle, 'sync')
  const storing = storeAhead(handle)
  storing.written(64 * MIB)
  await expect(storing.store()).rejects.toThrow('the disk is full')
  expect(sync).not.toHaveBeenCalled()
  await storing.close()
})

test('a file that is being stored is not closed under it, and once only', async () => {
  let finish = (): void => undefined
  vi.spyOn(handle, 'datasync').mockImplementation(() => new Promise((done) => (finish = done)))
  const close = vi.spyOn(handle, 'close')
  const storing = storeAhead(handle)
  storing.written(64 * MIB)
  const closing = storing.close()
  await new Promise((done) => setImmediate(done))
  expect(close).not.toHaveBeenCalled()
  finish()
  await closing
  await storing.close()
  expect(close).toHaveBeenCalledTimes(1)
})
