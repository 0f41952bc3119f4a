import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { digestOf } from '../../src/bytes/digest.js'
import { sizeInWords } from '../../src/report/size.js'
import { censusSchema, recoverSchema, tarSplitSchema } from '../../src/model/report-store.js'
import { containerdRoot } from '../support/containerd-root.js'
import { dataRoot, type RootFixture } from '../support/data-root.js'
import { flipByte } from '../support/graph-root.js'
import { member, tarOf } from '../support/tar-blocks.js'
import { run as runIn, type Run } from './run.js'

const BASE = tarOf(member({ name: 'd/', type: '5' }), member({ name: 'd/one' }, 'first'))
const TOP = tarOf(member({ name: 'two' }, 'second'))

const run = (...args: readonly string[]): Promise<Run> => runIn(args, { cwd: root.path })

let root: RootFixture
let out = ''
beforeEach(() => {
  root = dataRoot()
  out = join(root.path, 'rescued')
  root.image(['web:1'], BASE, TOP)
  root.image(['base:1'], BASE)
})
afterEach(() => root[Symbol.dispose]())

describe('imgtar census', () => {
  test('answers 0 where all is whole', async () => {
    const { exitCode, stdout } = await run('census', root.path)
    expect(exitCode).toBe(0)
    expect(stdout).toContain('2 of 2 images can be recovered bit by bit')
  })

  test('answers 1 and names the file that is damaged', async () => {
    rmSync(join(root.diff(TOP), 'two'))
    const { exitCode, stdout } = await run('census', root.path, '--json')
    const { layers, images } = censusSchema.parse(JSON.parse(stdout))
    expect(exitCode).toBe(1)
    expect(layers.flatMap(({ damaged }) => damaged)).toMatchObject([{ path: 'two', problem: 'missing', size: 6 }])
    expect(images.filter(({ state }) => state === 'exact').map(({ names }) => names)).toEqual([['base:1']])
  })

  test('answers 2 where there is no data-root, with a way out', async () => {
    const { exitCode, stderr } = await run('census', root.diff(BASE))
    expect(exitCode).toBe(2)
    expect(stderr).toContain('ERR_NOT_ARCHIVE')
    expect(stderr).toContain('hint: ')
  })
})

describe('imgtar recover', () => {
  test('writes an archive for each image that verify finds whole, with the same image ID', async () => {
    const { exitCode, stdout } = await run('recover', root.path, '-o', out, '--json')
    expect(exitCode).toBe(0)
    const { recovered } = recoverSchema.parse(JSON.parse(stdout))
    expect(recovered.map(({ names, state }) => [names[0], state]).sort()).toEqual([
      ['base:1', 'exact'],
      ['web:1', 'exact'],
    ])
    const files = readdirSync(out).map((name) => join(out, name))
    expect((await run('verify', '-q', ...files)).exitCode).toBe(0)
    const ids = (await run('images', '--no-trunc', ...files)).stdout
    for (const { id } of recovered) expect(ids).toContain(id)
  })

  test('leaves a damaged image out, unless it may be lossy: then it is marked and has another ID', async () => {
    writeFileSync(join(root.diff(TOP), 'two'), 'sEcond')
    expect((await run('recover', root.path, '-o', out)).exitCode).toBe(1)
    expect(readdirSync(out)).toEqual(['base_1.image.tar'])
    const { stdout } = await run('recover', root.path, '-o', out, '--lossy', '--force', '--json')
    const lossy = recoverSchema.parse(JSON.parse(stdout)).recovered.find(({ state }) => state === 'lossy')
    expect(lossy).toMatchObject({ names: ['web:1'], damaged: [{ path: 'two', problem: 'content', layer: 1 }] })
    expect(lossy?.newImageID).not.toBe(lossy?.id)
    const history = await run('history', '--json', join(out, 'web_1.image.tar'))
    expect(history.stdout).toContain('not the original layer: 1 damaged files')
  })

  test('writes all images into one archive, with the report beside it', async () => {
    const { exitCode, stdout } = await run('recover', root.path, '-o', out, '--one-archive', '--json')
    expect(exitCode).toBe(0)
    expect(readdirSync(out).sort()).toEqual(['images.tar', 'report.json'])
    expect(JSON.parse(readFileSync(join(out, 'report.json'), 'utf8'))).toEqual(JSON.parse(stdout))
    const archive = join(out, 'images.tar')
    expect((await run('verify', '-q', archive)).exitCode).toBe(0)
    const listed = (await run('images', '--no-trunc', archive)).stdout
    for (const { id, names, path } of recoverSchema.parse(JSON.parse(stdout)).recovered) {
      expect(path).toBe(archive)
      expect(listed).toContain(id)
      expect(listed).toContain(names[0]?.split(':')[0])
    }
    expect(readFileSync(archive).indexOf('first')).toBe(readFileSync(archive).lastIndexOf('first'))
  })

  test('leaves damaged images out of the one archive, or has them marked in it', async () => {
    writeFileSync(join(root.diff(TOP), 'two'), 'sEcond')
    const archive = join(out, 'images.tar')
    expect((await run('recover', root.path, '-o', out, '--one-archive')).exitCode).toBe(1)
    expect((await run('images', archive)).stdout).not.toContain('web')
    const { stdout } = await run('recover', root.path, '-o', out, '--one-archive', '--lossy', '-f', '--json')
    const rows = recoverSchema.parse(JSON.parse(stdout)).recovered
    expect(rows.map(({ names, state }) => [names[0], state]).sort()).toEqual([
      ['base:1', 'exact'],
      ['web:1', 'lossy'],
    ])
    expect((await run('history', `${archive}:web:1`, '--json')).stdout).toContain('not the original layer')
  })

  test('keeps where a registry had an image, in the archives and on the way to an OCI layout', async () => {
    const repositories = join(root.path, 'image/overlay2/repositories.json')
    const { Repositories } = JSON.parse(readFileSync(repositories, 'utf8')) as { Repositories: Record<string, object> } // as made above
    const digest = `team/web@sha256:${'5'.repeat(64)}`
    const [id] = Object.values(Repositories.web ?? {})
    writeFileSync(repositories, JSON.stringify({ Repositories: { ...Repositories, 'team/web': { [digest]: id } } }))
    await run('recover', root.path, '-o', out)
    await run('save', `docker-root:${root.path}:web:1`, '-o', `oci:${join(out, 'layout')}`)
    const layout = readdirSync(join(out, 'layout/blobs/sha256')).map((name) => join(out, 'layout/blobs/sha256', name))
    for (const files of [layout, [join(out, 'web_1.image.tar')]]) {
      const texts = files.map((file) => readFileSync(file, 'latin1'))
      expect(texts.filter((text) => text.includes(`"imgtar.repo-digests":"${digest}"`))).toHaveLength(1)
      expect(
        texts.filter((text) => text.includes('"containerd.io/distribution.source.docker.io":"team/web"')),
      ).toHaveLength(1)
    }
  })

  test('takes the tree that a layer was unpacked to where its blob is damaged, for images and containers', async () => {
    using store = containerdRoot()
    const manifest = store.image('web:1', BASE, TOP)
    store.container('job', manifest, BASE, TOP)
    store.finish()
    flipByte(store.layer(TOP))
    expect((await run('recover', store.path, '-o', out)).exitCode).toBe(1)
    expect(readdirSync(out)).toEqual([])
    const { stdout } = await run('recover', store.path, '-o', out, '--lossy', '--json')
    const { recovered } = recoverSchema.parse(JSON.parse(stdout))
    expect(recovered.map(({ names, state }) => [names[0], state])).toEqual([
      ['web:1', 'lossy'],
      ['job', 'lossy'],
    ])
    expect((await run('cat', join(out, 'web_1.image.tar'), '/two')).stdout).toBe('second')
    expect((await run('ls', join(out, 'job.container.tar'), '/')).stdout).toContain('/two')
  })

  test('refuses to replace what is there', async () => {
    await run('recover', root.path, '-o', out)
    const { exitCode, stderr } = await run('recover', root.path, '-o', out)
    expect(exitCode).toBe(2)
    expect(stderr).toContain('ERR_OUTPUT')
  })
})

describe('imgtar tar-split', () => {
  test('takes a layer apart and puts it together', async () => {
    const at = (name: string) => join(root.path, name)
    writeFileSync(at('layer.tar'), BASE)
    const apart = await run('tar-split', 'disassemble', at('layer.tar'), '-o', at('s.json.gz'), '--files', at('files'))
    const layer = `: ${sizeInWords(BASE.length)}, ${digestOf(BASE)}`
    expect([apart.exitCode, apart.stdout]).toEqual([0, `wrote ${at('s.json.gz')} of a layer${layer}\n`])
    const together = await run('tar-split', 'assemble', at('s.json.gz'), '--files', at('files'), '-o', at('again.tar'))
    expect([together.exitCode, together.stdout]).toEqual([0, `wrote ${at('again.tar')}${layer}\n`])
    expect(readFileSync(at('again.tar')).equals(BASE)).toBe(true)
  })

  test('lists every file that differs, and writes nothing', async () => {
    const sidecar = join(root.record(BASE), 'tar-split.json.gz')
    writeFileSync(join(root.diff(BASE), 'd/one'), 'fIrst')
    const words = ['assemble', sidecar, '--files', root.diff(BASE), '-o', join(root.path, 'x.tar'), '--json']
    const { exitCode, stdout } = await run('tar-split', ...words)
    expect(exitCode).toBe(1)
    expect(tarSplitSchema.parse(JSON.parse(stdout))).toMatchObject({
      wrote: null,
      damaged: [{ path: 'd/one', problem: 'content', size: 5, actualSize: 5 }],
    })
    expect(existsSync(join(root.path, 'x.tar'))).toBe(false)
  })

  test('takes no empty file for the sidecar of an empty layer', async () => {
    const sidecar = join(root.path, 'empty.json.gz')
    writeFileSync(sidecar, '')
    const { exitCode, stderr } = await run('tar-split', 'check', sidecar, '--files', root.diff(BASE))
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('the tar-split.json.gz is empty')])
    writeFileSync(sidecar, gzipSync(''))
    expect((await run('tar-split', 'check', sidecar, '--files', root.diff(BASE))).exitCode).toBe(0)
  })

  test.each([
    [['assemble', 'x'], '--output is missing'],
    [['check', 'x'], '--files is missing'],
    [['twist', 'x'], 'ACTION is one of'],
  ])('refuses %j before any work', async (words, message) => {
    const { exitCode, stderr } = await run('tar-split', ...words)
    expect(exitCode).toBe(2)
    expect(stderr).toContain(message)
  })
})
