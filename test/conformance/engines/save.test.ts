import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import zlib from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { imagesSchema } from '../../../src/model/report.js'
import { WRITTEN_SCHEMAS } from '../../../src/model/report-written.js'
import { CORPUS } from '../corpus.js'
import { digest } from '../../support/archives.js'
import { BIN } from '../../cli/run.js'
import { docker, ENGINES, HAVE_TOOLS, imgtar, imgtarJson, tool, workFolder, type Engine } from './support.js'

const SAMPLES = resolve(CORPUS, '../formats-samples')
const work = workFolder()
const prefix = `imgtar-test-save-${String(process.pid)}`
afterAll(() => work.remove())

type Saved = z.output<typeof WRITTEN_SCHEMAS.tag>['images'][number]

/** What one engine says of one archive: `ok`, or why it cannot. */
type Cell = string

// A row takes all engines some ten seconds: IMGTAR_ENGINES=all tries every archive in every layout, 1 a part of them.
const isWholeRun = process.env.IMGTAR_ENGINES === 'all'

/** Archives that an engine takes, by the facts of the corpus, and samples; of both every sixth in a short run. */
function sources(): readonly string[] {
  if (!existsSync(CORPUS)) return []
  const [, ...rows] = readFileSync(join(CORPUS, 'ACCEPTS.tsv'), 'utf8').trim().split('\n')
  const accepted = rows.map((row) => row.split('\t')).filter(([, ...cells]) => cells.some((cell) => /^y/.test(cell)))
  const loadable = accepted.map(([file = '']) => file).filter((file) => /^(?:images|local|layouts)\//.test(file))
  const samples = readdirSync(SAMPLES).filter((file) => /^save-.*\.tar(?:\.gz)?$|archive.*\.tar/.test(file))
  const all = [...loadable.map((file) => join(CORPUS, file)), ...samples.map((file) => join(SAMPLES, file))]
  return isWholeRun ? all : all.filter((_, index) => index % 6 === 0)
}

const LAYOUTS = ['universal', 'hybrid', 'classic', 'oci-archive'] as const

/** Archives of which every layout is tried; of the others only the one that all engines take. */
const isOurs = (source: string): boolean =>
  isWholeRun ? /\/(?:formats-samples|local)\//.test(source) : source.includes('/formats-samples/')

/** Writes image `at` of a source under a name of ours. */
function write(
  source: string,
  at: number,
  layout: (typeof LAYOUTS)[number],
): { file: string; image: Saved; name: string } {
  const [file, name] = [join(work.path, 'out.tar'), `${prefix}:${String(at)}`]
  const plain = join(work.path, 'plain.tar')
  imgtarJson('save', `${source}:@${String(at)}`, '-f', '-o', `oci-archive:${plain}`)
  const target = layout === 'oci-archive' ? ['-o', `oci-archive:${file}`] : ['-o', file, '--layout', layout]
  // The names of the archive would be taken from whoever has them in a shared daemon.
  imgtarJson('tag', plain, name, '--only', '-f', '-o', join(work.path, 'named.tar'))
  const report = WRITTEN_SCHEMAS.save.parse(imgtarJson('save', join(work.path, 'named.tar'), '-f', ...target))
  const [image] = report.images
  if (image === undefined) throw new Error(`${source} became no image`)
  return { file, image, name }
}

const inspected = z.object({ Id: z.string(), RootFS: z.object({ Layers: z.array(z.string()).nullish() }) })

function cell(check: () => void): Cell {
  try {
    check()
    return 'ok'
  } catch (error) {
    return error instanceof Error ? error.message.split('\n').slice(-8).join(' ').slice(-800) : String(error)
  }
}

/** Why an archive that some engine takes is not written again: what is in it is not what it says. */
function reasonNotToSave(source: string): string | undefined {
  const { status, stderr } = imgtar('save', source, '--dry-run', '-o', join(work.path, 'dry.tar'))
  if (status === 0) return undefined
  const [, code] = /\((ERR_[A-Z]+)\)/.exec(stderr) ?? []
  // Where one name is two platforms, each of them is written by itself.
  if (code === 'ERR_REFERENCE') return undefined
  // Artifacts are proved, and are no images.
  const { stdout } = imgtar('images', source, '--json')
  if (imagesSchema.parse(JSON.parse(stdout)).images.length === 0) return code
  // One that verifies must be written.
  if (code === undefined || imgtar('verify', '-q', source).status !== 1) throw new Error(stderr)
  return code
}

function load(engine: Engine, file: string, name: string, image: Saved): void {
  docker(engine, 'load', '-i', file)
  try {
    const seen = inspected.parse(JSON.parse(docker(engine, 'image', 'inspect', '--format', '{{json .}}', name)))
    // The containerd store goes by manifests: by its own where the archive has none.
    const id = engine.store === 'classic' ? image.imageID : (image.index ?? image.digest ?? seen.Id)
    expect(seen.Id).toBe(id)
    expect(seen.RootFS.Layers ?? []).toEqual(image.layers.map(({ diffID }) => diffID))
    if (image.layers.length > 0) {
      const container = docker(engine, 'create', '--network', 'none', name, '/x').trim()
      docker(engine, 'rm', container)
    }
  } finally {
    docker(engine, 'rmi', '-f', name)
  }
}

// A folder of our own: hostile archives that others load may have overwritten what stands in /var/tmp.
const skopeo = (...args: string[]): string => tool('skopeo', '--tmpdir', work.path, ...args)
const podman = (...args: string[]): string => tool('env', `TMPDIR=${work.path}`, 'podman', ...args)

function tools(file: string, image: Saved, layout: string): Record<string, Cell> {
  if (!HAVE_TOOLS) return {}
  const transport = layout === 'oci-archive' ? 'oci-archive' : 'docker-archive'
  const to = join(work.path, 'copied')
  const cells: Record<string, Cell> = {
    skopeo: cell(() => {
      rmSync(to, { recursive: true, force: true })
      skopeo('copy', '-q', '--insecure-policy', `${transport}:${file}`, `dir:${to}`)
      const text = skopeo('inspect', '--raw', '--config', `${transport}:${file}`)
      expect(digest(new TextEncoder().encode(text))).toBe(image.imageID)
      const config: unknown = JSON.parse(text)
      expect(
        z.object({ rootfs: z.object({ diff_ids: z.array(z.string()).nullish() }) }).parse(config).rootfs.diff_ids ?? [],
      ).toEqual(image.layers.map(({ diffID }) => diffID))
    }),
    podman: cell(() => {
      podman('load', '-q', '-i', file)
      try {
        expect(podman('image', 'inspect', '--format', '{{.Id}}', image.imageID.slice(7)).trim()).toBe(
          image.imageID.slice(7),
        )
      } finally {
        podman('rmi', '-f', image.imageID.slice(7))
      }
    }),
  }
  if (layout !== 'oci-archive') cells.crane = cell(() => tool('crane', 'validate', '--tarball', file))
  return cells
}

/** Why an engine cannot take a layout; undefined where it must. */
function reasonAgainst(layout: string, { store }: Pick<Engine, 'store'>): string | undefined {
  return layout === 'oci-archive' && store === 'classic' ? 'reads-manifest.json-only' : undefined
}

const rows: string[] = []
afterAll(() => console.log(rows.join('\n')))

describe.skipIf(!existsSync(CORPUS) || ENGINES.every(({ host }) => host === ''))('engines load what is saved', () => {
  test.each(sources().map((source) => [source.split('/').slice(-2).join('/'), source]))(
    '%s',
    (label, source) => {
      const reason = reasonNotToSave(source)
      if (reason !== undefined) {
        rows.push(`${label}: not saved, ${reason}`)
        return
      }
      const listed = imgtar('images', source, '--json')
      const { images } = imagesSchema.parse(JSON.parse(listed.stdout))
      const count = new Set(images.map(({ imageID, platform }) => `${imageID} ${platform}`)).size
      for (let at = 0; at < count; at++) {
        for (const layout of at === 0 && isOurs(source) ? LAYOUTS : LAYOUTS.slice(0, 1)) {
          const { file, image, name } = write(source, at, layout)
          expect(imgtar('verify', '-q', file)).toMatchObject({ status: 0 })
          const cells: Record<string, Cell> = {}
          const refused: Record<string, string> = {}
          for (const engine of ENGINES.filter(({ host }) => host !== '')) {
            const reason = reasonAgainst(layout, engine)
            cells[engine.name] = cell(() => load(engine, file, name, image))
            if (reason !== undefined && cells[engine.name] !== 'ok') refused[engine.name] = reason
          }
          Object.assign(cells, tools(file, image, layout))
          const bad = Object.entries(cells).filter(([engine, said]) => said !== 'ok' && refused[engine] === undefined)
          expect({ at, layout, bad }).toEqual({ at, layout, bad: [] })
          Object.assign(cells, refused)
          rows.push(
            `${label}:@${String(at)} ${layout}: ${Object.entries(cells)
              .map((pair) => pair.join('='))
              .join(' ')}`,
          )
        }
      }
    },
    900_000,
  )
})

const INDEXED = [
  join(CORPUS, 'local/mp.buildx-oci-multi.tar'),
  join(CORPUS, 'local/mp.docker28-containerd-multi.tar'),
  join(SAMPLES, 'save-28.5-containerd-multiplatform.tar'),
]

describe.skipIf(!existsSync(CORPUS) || !HAVE_TOOLS)('an index is what it was', () => {
  test.each(INDEXED.map((source) => [source.split('/').slice(-1).join('/'), source]))('%s', (_, from) => {
    const source = join(work.path, 'source.tar')
    copyFileSync(from, source)
    const [file, back, name] = [join(work.path, 'indexed.tar'), join(work.path, 'back.tar'), `${prefix}:indexed`]
    imgtarJson('save', source, '-f', '-o', `oci-archive:${back}`)
    imgtarJson('tag', `${back}:${nameOf(source)}`, name, '--only', '-f', '-o', `oci-archive:${file}`)
    const report = WRITTEN_SCHEMAS.save.parse(imgtarJson('save', file, '-f', '-o', `oci-archive:${back}`))
    const index = report.images[0]?.index
    expect(report.images.map((one) => one.index)).toEqual(report.images.map(() => index))
    expect(digest(new TextEncoder().encode(skopeo('inspect', '--raw', `oci-archive:${source}`)))).toBe(index)
    expect(digest(new TextEncoder().encode(skopeo('inspect', '--raw', `oci-archive:${back}`)))).toBe(index)
    for (const engine of ENGINES.filter(({ store, host }) => store === 'containerd' && host !== '')) {
      docker(engine, 'load', '-i', back)
      const { Id } = inspected.parse(JSON.parse(docker(engine, 'image', 'inspect', '--format', '{{json .}}', name)))
      docker(engine, 'rmi', '-f', name)
      expect(Id).toBe(index)
    }
  })
})

// zlib has zstd since Node 22.15; IMGTAR_ZSTD_NODE names such a node where this is an older one.
const ZSTD_NODE = process.env.IMGTAR_ZSTD_NODE ?? ('createZstdCompress' in zlib ? process.execPath : '')

describe.skipIf(!existsSync(CORPUS) || !HAVE_TOOLS || ZSTD_NODE === '')(
  'layers that imgtar compressed with zstd',
  () => {
    test.each(['zstd', 'zstd:19'])('%s: engines that know zstd load them', (compression) => {
      const [named, file, name] = [join(work.path, 'named.tar'), join(work.path, 'zstd.tar'), `${prefix}:zstd`]
      imgtarJson('tag', join(CORPUS, 'local/tiny.docker20.tar'), name, '--only', '-f', '-o', named)
      const args = ['save', named, '-f', '-o', `oci-archive:${file}`, '--compress', compression, '--json']
      const { status, stdout } = spawnSync(ZSTD_NODE, [BIN, ...args], { encoding: 'utf8' })
      expect(status).toBe(0)
      const [image] = WRITTEN_SCHEMAS.save.parse(JSON.parse(stdout)).images
      if (image === undefined) throw new Error('no image was written')
      expect(new Set(image.layers.map((layer) => layer.compression))).toEqual(new Set(['zstd']))
      expect(imgtar('verify', '-q', file)).toMatchObject({ status: 0 })
      expect(tools(file, image, 'oci-archive')).toEqual({ skopeo: 'ok', podman: 'ok' })
      for (const engine of ENGINES.filter(({ store, host }) => store === 'containerd' && host !== ''))
        load(engine, file, name, image)
    })
  },
)

/** The first name that an archive has. */
function nameOf(source: string): string {
  const { images } = imagesSchema.parse(imgtarJson('images', source))
  return `${images[0]?.repository ?? ''}:${images[0]?.tag ?? ''}`
}
