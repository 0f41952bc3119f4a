import { existsSync } from 'node:fs'
import { open, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import type { Blocks } from '../../src/bytes/blocks.js'
import { directoryOutput } from '../../src/bytes/output-directory.js'
import { checkFile, fileOutput, nullOutput, streamOutput, type Output } from '../../src/bytes/output.js'
import { sha256 } from '../support/chunks.js'
import { freshFolder } from '../support/folder.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const refused = { code: 'ERR_OUTPUT' }

const inFolder = freshFolder()

describe('a file', () => {
  test('is not there before the commit, and whole after it', async () => {
    await using output = await fileOutput(inFolder('a.tar'), { force: false })
    await output.write(bytes('one '))
    await output.write(bytes('two'))
    expect(await readdir(inFolder())).not.toContain('a.tar')
    await output.commit()
    expect(await readdir(inFolder())).toEqual(['a.tar'])
    expect(await readFile(inFolder('a.tar'), 'utf8')).toBe('one two')
  })

  test('leaves nothing behind without a commit', async () => {
    {
      await using output = await fileOutput(inFolder('a.tar'), { force: false })
      await output.write(bytes('half'))
    }
    expect(await readdir(inFolder())).toEqual([])
  })

  test('is not replaced unless that is asked for, and then only by a finished one', async () => {
    const path = inFolder('a.tar')
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
    const path = inFolder('a.tar')
    await using output = await fileOutput(path, { force: false })
    await writeFile(path, 'theirs')
    await expect(output.commit()).rejects.toMatchObject(refused)
    expect(await readFile(path, 'utf8')).toBe('theirs')
  })

  test('behind a symlink is replaced, the symlink stays', async () => {
    await writeFile(inFolder('real.tar'), 'old')
    await symlink('real.tar', inFolder('a.tar'))
    await using output = await fileOutput(inFolder('a.tar'), { force: true })
    await output.write(bytes('new'))
    await output.commit()
    expect(await readFile(inFolder('real.tar'), 'utf8')).toBe('new')
  })

  test('can be patched, and shortened', async () => {
    await using output = await fileOutput(inFolder('a.tar'), { force: false })
    await output.write(bytes('....abcdef'))
    await output.seekable?.patch(0, bytes('HEAD'))
    await output.seekable?.rewind(6)
    await output.write(bytes('!'))
    expect(output.position).toBe(7)
    await output.commit()
    expect(await readFile(inFolder('a.tar'), 'utf8')).toBe('HEADab!')
  })

  test('cannot be a directory, or lie in one that is not there', async () => {
    await expect(fileOutput(inFolder(), { force: true })).rejects.toMatchObject(refused)
    await expect(fileOutput(inFolder('no/a.tar'), { force: false })).rejects.toMatchObject(refused)
    await expect(fileOutput(inFolder('new/'), { force: false })).rejects.toMatchObject(refused)
    await expect(checkFile(inFolder('new/'), { force: false })).rejects.toMatchObject(refused)
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
    await using output = await directoryOutput(inFolder('oci'), { force: false })
    await writeFile(join(output.path, 'x'), '1')
    expect(await readdir(inFolder())).not.toContain('oci')
    await output.commit()
    expect(await readdir(inFolder())).toEqual(['oci'])
    expect(await readdir(inFolder('oci'))).toEqual(['x'])
  })

  test('is replaced only where it holds what it must, and only with force', async () => {
    const path = inFolder('oci')
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
    expect(await readdir(inFolder())).toEqual(['oci'])
  })
})

describe('bytes that are taken', () => {
  // No two stretches of it are the same; more than any output has memory for.
  const data = new Uint8Array(13 * 1024 * 1024 + 77)
  for (let at = 0; at < data.length; at++) data[at] = Math.imul(at, 0x9e3779b1) >>> 24

  /** The bytes, and what was seen of them, read late. */
  function watched(fail?: { at: number; error: Error }) {
    let done = 0
    let turn = 0
    const seen: Uint8Array[] = []
    const blocks: Blocks = {
      fill(block) {
        if (turn++ === fail?.at) throw fail.error
        const part = data.subarray(done, (done += block.length))
        block.fill(0xaa)
        return { length: part.length, ready: setTimeout(1).then(() => block.set(part)) }
      },
      async look(part) {
        await setTimeout(2)
        seen.push(part.slice())
      },
    }
    return { blocks, seen: () => sha256(Buffer.concat(seen)) }
  }

  /** Standard output, say, and what came there. */
  function collector(fail?: Error) {
    const chunks: Uint8Array[] = []
    const stream = new Writable({
      write(chunk: Uint8Array, _, done) {
        chunks.push(new Uint8Array(chunk)) // of the system’s kind, whose slice would not be a copy
        done(fail)
      },
    })
    return { stream, chunks }
  }

  const none = async (): Promise<undefined> => Promise.resolve(undefined)
  const kinds: [string, () => Promise<{ output: Output; written: () => Promise<Uint8Array | undefined> }>][] = [
    [
      'a file',
      async () => {
        const output = await fileOutput(inFolder('a.tar'), { force: false })
        return { output, written: () => readFile(inFolder('a.tar')) }
      },
    ],
    ['a device', async () => ({ output: await fileOutput('/dev/null', { force: false }), written: none })],
    [
      'a stream',
      () => {
        const { stream, chunks } = collector()
        return Promise.resolve({
          output: streamOutput(stream),
          written: async () => Promise.resolve(Buffer.concat(chunks)),
        })
      },
    ],
    ['nothing at all', () => Promise.resolve({ output: nullOutput('out'), written: none })],
  ]

  test.each(kinds)('come to %s, between others, and are all seen', async (_, made) => {
    const { output: opened, written } = await made()
    await using output = opened
    await output.write(bytes('before'))
    const { blocks, seen } = watched()
    await output.take(blocks)
    expect(seen()).toBe(sha256(data))
    expect(output.position).toBe(6 + data.length)
    await output.write(bytes('after'))
    expect(output.position).toBe(11 + data.length)
    await output.commit()
    const there = await written()
    if (there !== undefined) {
      expect(sha256(there)).toBe(sha256(Buffer.concat([bytes('before'), data, bytes('after')])))
    }
  })

  test.each(kinds)('that cannot be had for %s are an error of their own', async (_, made) => {
    for (const at of [0, 2, 5]) {
      const { output: opened } = await made()
      await using output = opened
      await output.write(bytes('before'))
      const error = new Error('of the blocks')
      await expect(output.take(watched({ at, error }).blocks)).rejects.toBe(error)
    }
    expect(await readdir(inFolder())).toEqual([])
  })

  test('can be patched in a file, and taken back', async () => {
    await using output = await fileOutput(inFolder('a.tar'), { force: false })
    await output.write(bytes('....'))
    await output.take(watched().blocks)
    await output.seekable?.patch(0, bytes('HEAD'))
    await output.seekable?.rewind(4 + 1000)
    await output.take(watched().blocks)
    await output.commit()
    const written = Buffer.concat([bytes('HEAD'), data.subarray(0, 1000), data])
    expect(sha256(await readFile(inFolder('a.tar')))).toBe(sha256(written))
  })

  test.skipIf(!existsSync('/dev/full'))('and do not fit into a device are an error of the output', async () => {
    await using output = await fileOutput('/dev/full', { force: false })
    await expect(output.take(watched().blocks)).rejects.toMatchObject({ ...refused, location: '/dev/full' })
  })

  test('and do not fit into a stream are an error of the output', async () => {
    await using output = streamOutput(collector(Object.assign(new Error('gone'), { code: 'EPIPE' })).stream)
    await expect(output.take(watched().blocks)).rejects.toMatchObject(refused)
  })

  test('and do not fit on the disk are an error of the output, and leave nothing behind', async () => {
    const probe = await open(inFolder('probe'), 'w')
    const prototype = Object.getPrototypeOf(probe) as typeof probe // of all file handles
    await probe.close()
    await rm(inFolder('probe'))
    const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    const write = vi.spyOn(prototype, 'write').mockRejectedValue(full)
    const path = inFolder('a.tar')
    try {
      await using output = await fileOutput(path, { force: false })
      const failed = { ...refused, location: path, cause: full }
      await expect(output.take(watched().blocks)).rejects.toMatchObject(failed)
      await expect(output.write(bytes('x'))).rejects.toMatchObject(failed)
      await expect(output.seekable?.patch(0, bytes('x'))).rejects.toMatchObject(failed)
      await expect(output.commit()).rejects.toMatchObject(failed)
    } finally {
      write.mockRestore()
    }
    expect(await readdir(inFolder())).toEqual([])
  })

  test('leave nothing behind without a commit', async () => {
    {
      await using output = await fileOutput(inFolder('a.tar'), { force: false })
      await output.take(watched().blocks)
      expect(await readdir(inFolder())).toHaveLength(1)
    }
    expect(await readdir(inFolder())).toEqual([])
  })
})
