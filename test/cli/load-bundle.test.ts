import { spawnSync } from 'node:child_process'
import { copyFile, cp, readdir, truncate, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { freshFolder } from '../support/folder.js'

const LOADER = new URL('../../dist/cli/load-bundle.js', import.meta.url).href
const BUNDLE = fileURLToPath(new URL('../../dist/bundle/', import.meta.url))
const MANIFEST = fileURLToPath(new URL('../../package.json', import.meta.url))
const SAMPLE = fileURLToPath(new URL('../../samples/app.tar', import.meta.url))

const inFolder = freshFolder()

interface Loading {
  readonly status: number | null
  readonly stdout: string
  /** Of the files that were loaded: how many came with what was compiled ahead, and for how many of these V8 took it. */
  readonly ahead: number
  readonly taken: number
}

/** Runs the command line from a bundle in a process of its own. */
function runFrom(bundle: string, words: readonly string[]): Loading {
  const program = `
    const { bundleLoader } = await import('${LOADER}')
    const rejected = []
    const load = bundleLoader((_, script) => rejected.push(script.cachedDataRejected), ${JSON.stringify(bundle)})
    const count = (value) => rejected.filter((one) => one === value).length
    process.on('exit', () => process.stderr.write(JSON.stringify([count(true) + count(false), count(false)])))
    await load('main.js').main(${JSON.stringify(words)})`
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
  })
  const [ahead = Number.NaN, taken = Number.NaN] = JSON.parse(stderr) as number[]
  return { status, stdout, ahead, taken }
}

const VERIFY = ['verify', SAMPLE]
const whole = { status: 0, stdout: expect.stringMatching(/whole: 1 image, 3 layers/) as string }

test('V8 takes what was compiled when the bundle was made', () => {
  const { ahead, taken, ...run } = runFrom(BUNDLE, VERIFY)
  expect(run).toEqual(whole)
  expect(ahead).toBeGreaterThan(5)
  expect(taken).toBe(ahead)
})

test('without it, and with what is no such thing or belongs to other flags, the answer is the same', async () => {
  const bundle = inFolder('dist/bundle/')
  await cp(BUNDLE, bundle, { recursive: true })
  await copyFile(MANIFEST, inFolder('package.json'))
  const compiled = (await readdir(bundle)).filter((name) => name.endsWith('.compiled'))
  for (const name of compiled) await writeFile(bundle + name, 'nothing that V8 compiled')
  expect(runFrom(bundle, VERIFY)).toMatchObject({ ...whole, taken: 0 })
  for (const name of compiled) await truncate(bundle + name, 0)
  expect(runFrom(bundle, VERIFY)).toMatchObject({ ...whole, taken: 0 })
  const others = spawnSync(process.execPath, ['--no-opt', '--stack-size=900', 'bin/imgtar.mjs', ...VERIFY], {
    encoding: 'utf8',
  })
  expect(others).toMatchObject(whole)
})
