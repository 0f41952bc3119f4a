import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { directoryOutput } from '../../src/bytes/output-directory.js'
import { fileOutput, streamOutput } from '../../src/bytes/output.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const refused = { code: 'ERR_OUTPUT' }

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imgtar-output-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('a file', () => {
  test('is not there before the commit, and whole after it', async () => {
    await using output = await fileOutput(join(folder, 'a.tar'), { force: false })
    await output.write(bytes('one '))
    await output.write(bytes('two'))
    expect(await readdir(folder)).not.toContain('a.tar')
    await output.commit()
    expect(await readdir(folder)).toEqual(['a.tar'])
    expect(await readFile(join(folder, 'a.tar'), 'utf8')).toBe('one two')
  })

  test('leaves nothing behind without a commit', async () => {
    {
      await using output = await fileOutput(join(folder, 'a.tar'), { force: false })
      await output.write(bytes('half'))
    }
    expect(await readdir(folder)).toEqual([])
  })

  test('is not replaced unless that is asked for, and then only by a finished one', async () => {
    const path = join(folder, 'a.tar')
    await writeFile(path, 'old')
    await expect(fileOutput(path, { force: false })).rejects.toMatchObject(refused)
    {
      await using output = await fileOutput(path, { force: true })
      await output.write(bytes('half'))
    }
    expect(await readFile(path, 'utf8')).toBe('old')
    await using output = await fileOutput(path, { force: true })
    await output.write(bytes('new'))
    await output.commit()
    expect(await readFile(path, 'utf8')).toBe('new')
  })

  test('that somebody else wrote meanwhile is not replaced', async () => {
    const path = join(folder, 'a.tar')
    await using output = await fileOutput(path, { force: false })
    await writeFile(path, 'theirs')
    await expect(output.commit()).rejects.toMatchObject(refused)
    expect(await readFile(path, 'utf8')).toBe('theirs')
  })

  test('behind a symlink is replaced, the symlink stays', async () => {
    await writeFile(join(folder, 'real.tar'), 'old')
    await symlink('real.tar', join(folder, 'a.tar'))
    await using output = await fileOutput(join(folder, 'a.tar'), { force: true })
    await output.write(bytes('new'))
    await output.commit()
    expect(await readFile(join(folder, 'real.tar'), 'utf8')).toBe('new')
  })

  test('can be patched, and shortened', async () => {
    await using output = await fileOutput(join(folder, 'a.tar'), { force: false })
    await output.write(bytes('....abcdef'))
    await output.seekable?.patch(0, bytes('HEAD'))
    await output.seekable?.rewind(6)
    await output.write(bytes('!'))
    expect(output.position).toBe(7)
    await output.commit()
    expect(await readFile(join(folder, 'a.tar'), 'utf8')).toBe('HEADab!')
  })

  test('cannot be a directory, or lie in one that is not there', async () => {
    await expect(fileOutput(folder, { force: true })).rejects.toMatchObject(refused)
    await expect(fileOutput(join(folder, 'no/a.tar'), { force: false })).rejects.toMatchObject(refused)
  })
})

describe('a stream', () => {
  test('that breaks is an error of the output', async () => {
    const broken = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('gone'), { code: 'EPIPE' })),
    })
    await using output = streamOutput(broken)
    await expect(output.write(bytes('x'))).rejects.toMatchObject({
      ...refused,
      message: 'the reader of the pipe has gone',
    })
  })
})

describe('a directory', () => {
  test('comes into its place whole, also over an empty one', async () => {
    await using output = await directoryOutput(join(folder, 'oci'), { force: false })
    await writeFile(join(output.path, 'x'), '1')
    expect(await readdir(folder)).not.toContain('oci')
    await output.commit()
    expect(await readdir(folder)).toEqual(['oci'])
    expect(await readdir(join(folder, 'oci'))).toEqual(['x'])
  })

  test('is replaced only where it holds what it must, and only with force', async () => {
    const path = join(folder, 'oci')
    await using first = await directoryOutput(path, { force: false })
    await writeFile(join(first.path, 'precious'), '1')
    await first.commit()
    await expect(directoryOutput(path, { force: false, mark: 'oci-layout' })).rejects.toMatchObject(refused)
    await expect(directoryOutput(path, { force: true, mark: 'oci-layout' })).rejects.toMatchObject(refused)
    await writeFile(join(path, 'oci-layout'), '{}')
    await using second = await directoryOutput(path, { force: true, mark: 'oci-layout' })
    await writeFile(join(second.path, 'new'), '2')
    await second.commit()
    expect(await readdir(path)).toEqual(['new'])
    expect(await readdir(folder)).toEqual(['oci'])
  })
})
