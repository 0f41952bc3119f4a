import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { file, layerTar } from '../support/layers.js'
import { run as runIn } from './run.js'

let cwd = ''
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'imgtar-hostile-'))
})
afterAll(() => rm(cwd, { recursive: true }))

const run = (...args: string[]) => runIn(args, { cwd })

test('diff says in its document what its exit code says, also of two sides that cannot be read to their ends', async () => {
  const cut = layerTar([file('a', { content: 'a'.repeat(600) }), file('b', { content: 'b' })])
  await writeFile(join(cwd, 'cut.tar'), cut.subarray(0, 900))
  for (const more of [[], ['--exit-zero']]) {
    const { exitCode, stdout } = await run('diff', 'cut.tar', 'cut.tar', '--json', ...more)
    expect(exitCode).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, equal: true, whole: false })
  }
})
