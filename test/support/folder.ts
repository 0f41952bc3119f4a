import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'

/** Gives the path of a name in a folder, and its own for none. */
type Folder = (...names: string[]) => string

/** A folder for the tests of a file, with these files in it. */
export function testFolder(files: Readonly<Record<string, Uint8Array | string>> = {}): Folder {
  let folder = ''
  beforeAll(async () => {
    folder = await newFolder()
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))
  return (...names) => join(folder, ...names)
}

/** An empty folder for each test of a file. */
export function freshFolder(): Folder {
  let folder = ''
  beforeEach(async () => {
    folder = await newFolder()
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))
  return (...names) => join(folder, ...names)
}

function newFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'imgtar-test-'))
}
