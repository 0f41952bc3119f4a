import { writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { testFolder } from '../support/folder.js'
import { file, layerTar } from '../support/layers.js'
import { run as runIn } from './run.js'

const at = testFolder()

const run = (...args: string[]) => runIn(args, { cwd: at() })

test('diff says in its document what its exit code says, also of two sides that cannot be read to their ends', async () => {
  const cut = layerTar([file('a', { content: 'a'.repeat(600) }), file('b', { content: 'b' })])
  await writeFile(at('cut.tar'), cut.subarray(0, 900))
  for (const more of [[], ['--exit-zero']]) {
    const { exitCode, stdout } = await run('diff', 'cut.tar', 'cut.tar', '--json', ...more)
    expect(exitCode).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, equal: true, whole: false })
  }
})
