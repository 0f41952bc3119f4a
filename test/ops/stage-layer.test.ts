import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fileOutput } from '../../src/bytes/output.js'
import { readAhead } from '../../src/bytes/read-ahead.js'
import { fileSource } from '../../src/bytes/source.js'
import { DEFAULT_LIMITS } from '../../src/context.js'
import { tarSink } from '../../src/formats/write/tar-sink.js'
import { stageTar } from '../../src/ops/stage-layer.js'
import { wrapperHeader } from '../../src/tar/wrapper.js'

const MIB = 1024 * 1024

test('a large layer whose reader falls over is that error, and nobody waits for the reader', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imgtar-stage-'))
  const file = join(folder, 'layer.tar')
  await writeFile(file, await wrapperHeader({ path: 'a', type: 'file', mode: 0o644, size: 20 * MIB, mtime: 0 }))
  await truncate(file, 20 * MIB + 512 + 1024)
  {
    await using source = await fileSource(file)
    await using staging = tarSink(await fileOutput(join(folder, 'out.tar'), { force: false }))
    const bytes = {
      open: (memory?: Parameters<typeof readAhead>[2]) => readAhead(source, undefined, memory),
      subject: 'layer.tar',
      size: source.size,
      onName() {
        throw new TypeError('who reads the names fell over')
      },
    }
    const context = { limits: DEFAULT_LIMITS, concurrency: 2 }
    await expect(stageTar(bytes, { compress: 'keep', staging }, context)).rejects.toThrow('fell over')
  }
  await rm(folder, { recursive: true })
}, 10_000)
