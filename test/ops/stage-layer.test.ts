import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fileOutput } from '../../src/bytes/output.js'
import { readAhead } from '../../src/bytes/read-ahead.js'
import { fileSource, type ByteSource } from '../../src/bytes/source.js'
import { DEFAULT_LIMITS } from '../../src/context.js'
import { tarSink } from '../../src/formats/write/tar-sink.js'
import { stageTar, type StagedBytes } from '../../src/ops/stage-layer.js'
import { digestOf } from '../../src/bytes/digest.js'
import { wrapperHeader } from '../../src/tar/wrapper.js'
import { chunksOf } from '../support/chunks.js'
import { keepIn } from '../support/names.js'

const MIB = 1024 * 1024

// Read where it lies, or passed on in chunks.
const WAYS: readonly (readonly [string, (source: ByteSource) => Pick<StagedBytes, 'bytes' | 'size'>])[] = [
  ['a source', (source) => ({ bytes: source })],
  ['chunks', (source) => ({ bytes: readAhead(source), size: source.size })],
]

test.each(WAYS)(
  'a large layer whose reader falls over is that error, and nobody waits for the reader: %s',
  async (_, given) => {
    const folder = await mkdtemp(join(tmpdir(), 'imgtar-stage-'))
    const file = join(folder, 'layer.tar')
    await writeFile(file, await wrapperHeader({ path: 'a', type: 'file', mode: 0o644, size: 20 * MIB, mtime: 0 }))
    await truncate(file, 20 * MIB + 512 + 1024)
    {
      await using source = await fileSource(file)
      await using staging = tarSink(await fileOutput(join(folder, 'out.tar'), { force: false }))
      const bytes = {
        ...given(source),
        subject: 'layer.tar',
        onName() {
          throw new TypeError('who reads the names fell over')
        },
      }
      const context = { limits: DEFAULT_LIMITS, concurrency: 2 }
      await expect(stageTar(bytes, { compress: 'keep', staging }, context)).rejects.toThrow('fell over')
    }
    await rm(folder, { recursive: true })
  },
  10_000,
)

test.each(WAYS)(
  'a large layer lies in the output as it was, and its digest is that of its bytes: %s',
  async (_, given) => {
    const folder = await mkdtemp(join(tmpdir(), 'imgtar-stage-'))
    const [file, out] = [join(folder, 'layer.tar'), join(folder, 'out.tar')]
    const size = 41 * MIB + 12 * 512
    const tar = new Uint8Array(512 + size + 1024)
    tar.set(await wrapperHeader({ path: 'a', type: 'file', mode: 0o644, size, mtime: 0 }))
    for (let at = 512; at < 512 + size; at++) tar[at] = (at * 7 + (at >> 9) + (at >> 17)) & 0xff
    await writeFile(file, tar)
    {
      await using source = await fileSource(file)
      await using staging = tarSink(await fileOutput(out, { force: false }))
      const context = { limits: DEFAULT_LIMITS, concurrency: 2 }
      // The second begins in the middle of a block.
      for (const round of [0, 1]) {
        const staged = await stageTar(
          { ...given(source), subject: 'layer.tar' },
          { compress: 'keep', staging },
          context,
        )
        expect(staged.measurement).toMatchObject({ diffID: digestOf(tar), digest: digestOf(tar), size: tar.length })
        const { content } = staged
        await staging.add({ kind: 'blob', path: `blob-${round}`, size: tar.length, content }, context)
      }
      await staging.commit()
    }
    const written = await readFile(out)
    const second = 512 + tar.length + (-tar.length & 511) + 512
    expect(digestOf(written.subarray(512, 512 + tar.length))).toBe(digestOf(tar))
    expect(digestOf(written.subarray(second, second + tar.length))).toBe(digestOf(tar))
    await rm(folder, { recursive: true })
  },
  20_000,
)

test.each([
  [true, []],
  [false, ['a', 'a']],
])('a tar is hashed, and its entries are looked at unless it is our own: %s', async (isOwn, expected) => {
  const folder = await mkdtemp(join(tmpdir(), 'imgtar-stage-'))
  const header = await wrapperHeader({ path: 'a', type: 'file', mode: 0o644, size: 0, mtime: 0 })
  const tar = new Uint8Array([...header, ...header, ...new Uint8Array(1024)])
  const names: string[] = []
  {
    await using staging = tarSink(await fileOutput(join(folder, 'out.tar'), { force: false }))
    const bytes = { bytes: chunksOf(tar), subject: 'layer 0', isOwn, onName: keepIn(names) }
    const staged = await stageTar(bytes, { compress: 'keep', staging }, { limits: DEFAULT_LIMITS, concurrency: 1 })
    expect(staged.measurement).toMatchObject({ diffID: digestOf(tar), digest: digestOf(tar), diffSize: tar.length })
    expect(staged.notices?.map(({ code }) => code)).toEqual(isOwn ? [] : ['ENTRY_DUPLICATE'])
  }
  expect(names).toEqual(expected)
  await rm(folder, { recursive: true })
})
