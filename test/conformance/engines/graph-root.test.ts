import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { graphRoot, idOf } from '../../support/graph-root.js'
import { docker, ENGINES, imgtar, imgtarJson, workFolder, type Engine } from './support.js'

const SAMPLE = fileURLToPath(
  new URL('../../../../shared/formats-samples/data-root-overlay1-1.9.1.tar.gz', import.meta.url),
)
const classic = ENGINES.filter(({ store }) => store === 'classic')
const folder = workFolder()
afterAll(() => folder.remove())

/** Writes an image of a data-root under another name, loads it, and gives the ID and the files that the engine has. */
function loaded(engine: Engine, operand: string, name: string): { readonly id: string; readonly files: string[] } {
  const [saved, named] = [join(folder.path, 'saved.tar'), join(folder.path, 'named.tar')]
  imgtarJson('save', operand, '-o', saved, '--force')
  imgtarJson('tag', saved, name, '--only', '-o', named, '--force')
  docker(engine, 'load', '-i', named)
  try {
    const id = docker(engine, 'inspect', '--format', '{{.Id}}', name).trim()
    const container = docker(engine, 'create', name, '/none').trim()
    const exported = join(folder.path, 'exported.tar')
    docker(engine, 'export', '-o', exported, container)
    docker(engine, 'rm', container)
    return {
      id,
      files: imgtar('ls', exported)
        .stdout.trim()
        .split('\n')
        .map((line) => line.replace(/^.* \//, '/')),
    }
  } finally {
    docker(engine, 'rmi', name)
  }
}

describe.each(classic)('$name', { timeout: 120_000 }, (engine) => {
  test.skipIf(engine.host === '' || !existsSync(SAMPLE)).each([
    ['fmt-old:base', 'sha256:85c014c0abbfea363ef52e2c54c5662ecf62ddeda156e4f2a1a9042456c0eaed'],
    ['fmt-old:2', 'sha256:2e08f45176f03a91ea1aa31bd5019b9a0406ddc3aa22509f3337a5f366002e80'],
  ])('loads %s of a docker 1.9.1 under the ID that docker converts it to', (name, id) => {
    expect(loaded(engine, `docker-root:${SAMPLE}:${name}`, 'graph-root/sample:1').id).toBe(id)
  })

  test.skipIf(engine.host === '')('loads an image of a docker 0.6 with the files that aufs showed', () => {
    using root = graphRoot('graph')
    const base = root.image(idOf('a'), { name: 'base:1' })
    mkdirSync(join(base, 'd'))
    for (const name of ['d/gone', 'd/hidden', 'kept']) writeFileSync(join(base, name), name)
    const top = root.image(idOf('b'), { name: 'app:1', parent: idOf('a') })
    mkdirSync(join(top, 'd'))
    mkdirSync(join(top, '.wh..wh.plnk'))
    for (const name of ['d/.wh.gone', 'd/new', '.wh..wh.aufs', '.wh..wh.plnk/1.2']) writeFileSync(join(top, name), '')
    const { files } = loaded(engine, `docker-root:${root.path}:app:1`, 'graph-root/aufs:1')
    expect(files).toEqual(expect.arrayContaining(['/d', '/d/hidden', '/d/new', '/kept']))
    expect(files.filter((name) => name.includes('gone') || name.includes('.wh.'))).toEqual([])
  })
})
