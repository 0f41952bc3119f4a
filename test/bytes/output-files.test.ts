import { readdir, readFile, type FileHandle } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { outputFiles, type OutputFile } from '../../src/bytes/output-files.js'
import { fileHandles } from '../support/file-handles.js'
import { freshFolder } from '../support/folder.js'
import { openFilesBelow } from '../support/open-files.js'

const MIB = 1024 * 1024

const inFolder = freshFolder()
let handles: FileHandle // what every open file inherits
beforeEach(async () => {
  handles = await fileHandles(inFolder())
})
afterEach(() => {
  vi.restoreAllMocks()
})

const text = (content: string) => (file: OutputFile) => file.append(new TextEncoder().encode(content))

/** Has every request to store a file wait for its turn, until the disk is well again. */
function waitingDisk(): { readonly waiting: (() => void)[]; readonly heal: () => unknown } {
  const waiting: (() => void)[] = []
  const sync = vi.spyOn(handles, 'sync').mockImplementation(() => new Promise((done) => waiting.push(done)))
  return { waiting, heal: () => sync.mockRestore() }
}

/** Whether a promise is settled after everything else had its turn. */
async function isSettled(promise: PromiseLike<unknown>): Promise<boolean> {
  let settled = false
  void promise.then(() => (settled = true))
  for (let turn = 0; turn < 50; turn++) await setImmediate()
  return settled
}

test('files come with the directories on the way to them, and can be moved and removed', async () => {
  await using files = outputFiles(inFolder(), 'out')
  expect(await files.make('a', text('one'))).toBe(3)
  expect(await files.make('b/c/d', text('three'))).toBe(5)
  await files.make('gone', text('x'))
  await files.move('a', 'e/f')
  await files.remove('gone')
  await files.store()
  expect((await readdir(inFolder(), { recursive: true })).sort()).toEqual(['b', 'b/c', 'b/c/d', 'e', 'e/f'])
  expect(await readFile(inFolder('e/f'), 'utf8')).toBe('one')
  expect(await readFile(inFolder('b/c/d'), 'utf8')).toBe('three')
})

test('a few are stored at once while the next is written, and all in the end', async () => {
  const { waiting, heal } = waitingDisk()
  await using files = outputFiles(inFolder(), 'out')
  for (const name of ['a', 'b', 'c']) await files.make(name, text(name))
  await vi.waitFor(() => expect(waiting).toHaveLength(3))
  const fourth = files.make('d', text('d'))
  expect(await isSettled(fourth)).toBe(false)
  expect(await readdir(inFolder())).not.toContain('d')
  waiting.shift()?.()
  await fourth
  const all = files.store()
  for (let left = 3; left > 0; left--) {
    expect(await isSettled(all)).toBe(false)
    waiting.shift()?.()
  }
  heal()
  await all
})

test('a large one is stored before the next is made', async () => {
  const { waiting } = waitingDisk()
  await using files = outputFiles(inFolder(), 'out')
  const large = files.make('large', (file) => file.append(new Uint8Array(MIB + 1)))
  await vi.waitFor(() => expect(waiting).toHaveLength(1))
  expect(await isSettled(large)).toBe(false)
  waiting.shift()?.()
  expect(await large).toBe(MIB + 1)
})

test('the directories are stored when all files are: they have the names', async () => {
  const { waiting } = waitingDisk()
  await using files = outputFiles(inFolder(), 'out')
  for (const name of ['a/b/one', 'a/two']) await files.make(name, text(name))
  const all = files.store()
  expect(await isSettled(all)).toBe(false)
  expect(waiting).toHaveLength(2)
  for (const done of waiting.splice(0)) done()
  for (let directories = 3; directories > 0; directories--) {
    await vi.waitFor(() => expect(waiting).toHaveLength(1))
    expect(await isSettled(all)).toBe(false)
    waiting.shift()?.()
  }
  await all
})

const refused = { code: 'ERR_OUTPUT', location: 'out', message: 'the disk is full' }

function fullDisk(): void {
  vi.spyOn(handles, 'sync').mockRejectedValueOnce(Object.assign(new Error('the disk is full'), { code: 'ENOSPC' }))
}

test('what the system could not store is told in the end, though it would say no more', async () => {
  await using files = outputFiles(inFolder(), 'out')
  fullDisk()
  await files.make('a', text('a'))
  await expect(files.store()).rejects.toMatchObject(refused)
  await expect(files.store()).rejects.toMatchObject(refused)
})

test('what the system could not store ends the making of others', async () => {
  await using files = outputFiles(inFolder(), 'out')
  fullDisk()
  let made = 0
  await vi.waitFor(() => expect(files.make(String(made++), text('a'))).rejects.toMatchObject(refused))
})

test('a file whose bytes fail is gone, and its name is free', async () => {
  await using files = outputFiles(inFolder(), 'out')
  const failing = files.make('a', async (file) => {
    await text('half')(file)
    throw new Error('the input ends')
  })
  await expect(failing).rejects.toThrow('the input ends')
  expect(await readdir(inFolder())).toEqual([])
  await files.make('a', text('whole'))
  await files.store()
  expect(await readFile(inFolder('a'), 'utf8')).toBe('whole')
})

test('a name that is taken is refused', async () => {
  await using files = outputFiles(inFolder(), 'out')
  await files.make('a', text('first'))
  await expect(files.make('a', text('second'))).rejects.toMatchObject({ code: 'ERR_OUTPUT', location: 'out' })
  expect(await readFile(inFolder('a'), 'utf8')).toBe('first')
})

test('disposing waits for what is being stored, and leaves no file open', async () => {
  const { waiting } = waitingDisk()
  const files = outputFiles(inFolder(), 'out')
  await files.make('a', text('a'))
  const disposed = files[Symbol.asyncDispose]()
  expect(await isSettled(disposed)).toBe(false)
  waiting.shift()?.()
  await disposed
  expect(openFilesBelow(inFolder())).toEqual([])
})
