import { readdir, type FileHandle } from 'node:fs/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { runContext } from '../../../src/context.js'
import { openSink } from '../../../src/formats/write/index.js'
import type { SinkMember } from '../../../src/formats/write/sink.js'
import { fileHandles } from '../../support/file-handles.js'
import { freshFolder } from '../../support/folder.js'
import { openFilesBelow } from '../../support/open-files.js'

const context = runContext()
const member = (path: string): SinkMember => ({ kind: 'document', path, bytes: new TextEncoder().encode(path) })

const at = freshFolder()
let handles: FileHandle // what every open file inherits
beforeEach(async () => {
  handles = await fileHandles(at())
})
afterEach(() => {
  vi.restoreAllMocks()
})

const layoutIn = (path: string) => openSink({ format: 'oci', layout: 'universal' }, { path: at(path), force: false })

test('members are written while earlier ones are stored', async () => {
  const waiting: (() => void)[] = []
  const sync = vi.spyOn(handles, 'sync').mockImplementation(() => new Promise((done) => waiting.push(done)))
  await using sink = await layoutIn('oci')
  for (const path of ['blobs/sha256/a', 'blobs/sha256/b']) await sink.add(member(path), context)
  await vi.waitFor(() => expect(waiting).toHaveLength(2))
  sync.mockRestore()
  for (const done of waiting) done()
  expect(await sink.commit()).toBe(2 * 'blobs/sha256/a'.length)
  expect(await readdir(at('oci/blobs/sha256'))).toEqual(['a', 'b'])
})

test('nothing is left of a directory in which a file could not be stored, and no file is open', async () => {
  {
    await using sink = await layoutIn('oci')
    await sink.add(member('blobs/sha256/a'), context)
    vi.spyOn(handles, 'sync').mockRejectedValueOnce(Object.assign(new Error('the disk is full'), { code: 'ENOSPC' }))
    await sink.add(member('blobs/sha256/b'), context)
    await expect(sink.commit()).rejects.toMatchObject({ code: 'ERR_OUTPUT', location: at('oci') })
  }
  expect(await readdir(at())).toEqual([])
  expect(openFilesBelow(at())).toEqual([])
})
