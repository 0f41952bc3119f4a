import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import {
  historySchema,
  imagesSchema,
  inspectSchema,
  lsSchema,
  verifySchema,
  type entrySchema,
} from '../../../src/model/report.js'
import { buildImage, historyOf, inspectImage, removeImages } from './image.js'
import { docker, ENGINES, imgtar, imgtarJson, tool, verifySaved, workFolder, HAVE_TOOLS } from './support.js'

const second = (time: string | null | undefined) => (time ?? '').slice(0, 19)

// What the daemon itself puts into each container, and folders whose times it changes by that.
const OF_THE_DAEMON = /^\/(\.dockerenv|dev|etc|proc|sys)(\/|$)|^\/$/

/** An entry as `docker export` can show it: which layer it came from is lost there. */
function exported(entries: readonly z.infer<typeof entrySchema>[]) {
  const kept = entries.filter((entry) => !OF_THE_DAEMON.test(entry.path))
  return kept.map(({ layer: _, mtime, ...entry }) => ({ ...entry, mtime: Math.floor(Number(mtime)) }))
}

for (const engine of ENGINES) {
  describe.skipIf(engine.host === '')(`what ${engine.name} saves`, () => {
    const prefix = `imgtar-test-${String(process.pid)}`
    const [one, two] = [`${prefix}/one:1`, `${prefix}/two:2.0`]
    const work = workFolder()
    const [saved, both, untagged, rootfs] = ['saved', 'both', 'untagged', 'rootfs'].map((name) =>
      join(work.path, `${name}.tar`),
    ) as [string, string, string, string] // four names in, four out

    beforeAll(() => {
      buildImage(engine, one, 'one')
      buildImage(engine, two, 'two')
      docker(engine, 'save', '-o', saved, one)
      docker(engine, 'save', '-o', both, one, two)
      docker(engine, 'save', '-o', untagged, inspectImage(engine, one).Id)
      docker(engine, 'create', '--name', prefix, '--network', 'none', one)
      docker(engine, 'export', '-o', rootfs, prefix)
    })
    afterAll(() => {
      docker(engine, 'rm', '-f', prefix)
      removeImages(engine, one, two)
      work.remove()
    })

    test('has the image ID, layers, names and platform that the daemon tells', () => {
      const image = inspectImage(engine, one)
      const [read, ...others] = inspectSchema.parse(imgtarJson('inspect', saved)).images
      expect(others).toEqual([])
      // In the containerd store an image is known by the digest of its manifest, not by that of its config.
      expect(engine.store === 'classic' ? read?.imageID : read?.digest).toBe(image.Id)
      expect(read?.layers.map((layer) => layer.diffID)).toEqual(image.RootFS.Layers)
      expect(read?.names).toEqual(image.RepoTags)
      expect(read?.platform).toBe(`${image.Os}/${image.Architecture}`)
      expect(second(read?.created)).toBe(second(image.Created))
    })

    test('is whole, as a file and from a pipe', () => {
      for (const archive of verifySchema.parse(imgtarJson('verify', saved, both, untagged)).archives) {
        expect(archive).toMatchObject({ ok: true })
      }
      const piped = verifySaved(engine, one)
      expect(piped.status, piped.stderr).toBe(0)
      const [archive] = verifySchema.parse(JSON.parse(piped.stdout)).archives
      expect(archive?.images.map((image) => image.layers.map((layer) => layer.diffID))).toEqual([
        inspectImage(engine, one).RootFS.Layers,
      ])
    })

    test('has the history that the daemon tells', () => {
      const lines = historyOf(engine, one)
      const read = historySchema.parse(imgtarJson('history', saved)).history
      expect(read.map(({ comment, createdBy, created }) => [createdBy, comment, second(created)])).toEqual(
        lines.map((line) => [line.CreatedBy, line.Comment, second(line.CreatedAt)]),
      )
      // The containerd store tells what a snapshot takes on the disk instead.
      if (engine.store === 'containerd') return
      expect(read.map((line) => String(line.size))).toEqual(lines.map((line) => line.Size))
    })

    test('lists every image under its name, with the size that the daemon tells', () => {
      const rows = imagesSchema.parse(imgtarJson('images', both)).images
      const read = rows.map((row) => [`${String(row.repository)}:${String(row.tag)}`, second(row.created)])
      const told = [one, two].map((name) => [name, second(inspectImage(engine, name).Created)])
      expect(read.sort()).toEqual(told.sort())
      if (engine.store === 'containerd') return
      const sizes = [one, two].map((name) => inspectImage(engine, name)).map(({ Id, Size }) => [Id, Size])
      expect(rows.map((row) => [row.imageID, row.size]).sort()).toEqual(sizes.sort())
    })

    test('is an image without names when it was saved by ID', () => {
      const [image] = inspectSchema.parse(imgtarJson('inspect', untagged)).images
      // The containerd store knows the names of what it is asked for by ID.
      expect(image?.names).toEqual(engine.store === 'classic' ? [] : expect.any(Array))
      expect(image?.layers.map((layer) => layer.diffID)).toEqual(inspectImage(engine, one).RootFS.Layers)
    })

    test('has the tree that the daemon exports', () => {
      const merged = lsSchema.parse(imgtarJson('ls', saved)).entries
      const whole = lsSchema.parse(imgtarJson('ls', rootfs)).entries
      expect(exported(merged)).toEqual(exported(whole))
      expect(exported(merged).map((entry) => entry.path)).toContain('/tree/größe')
    })

    test('is refused with one flipped bit, and the layer is named', () => {
      const bytes = readFileSync(saved)
      const middle = bytes.length >> 1 // inside busybox, which is nearly all of the archive
      bytes[middle] = (bytes[middle] ?? 0) ^ 1
      const damaged = join(work.path, 'damaged.tar')
      writeFileSync(damaged, bytes)
      const answer = imgtar('verify', '--json', damaged)
      expect(answer.status, answer.stderr).toBe(1)
      const [archive] = verifySchema.parse(JSON.parse(answer.stdout)).archives
      const faults = archive?.findings.filter((finding) => finding.severity === 'error') ?? []
      expect(faults.length).toBeGreaterThan(0)
      expect(faults.map((fault) => fault.where.layer ?? fault.where.path)).not.toContain(undefined)
    })
  })
}

const [first] = ENGINES.filter((engine) => engine.host !== '' && engine.store === 'classic')

describe.skipIf(!HAVE_TOOLS || first === undefined)('what skopeo and podman make of a saved image', () => {
  const name = `imgtar-test-${String(process.pid)}/tools:1`
  const work = workFolder()
  const saved = join(work.path, 'saved.tar')
  let diffIDs: string[] = []

  beforeAll(() => {
    if (first === undefined) return
    buildImage(first, name, 'tools')
    docker(first, 'save', '-o', saved, name)
    diffIDs = inspectImage(first, name).RootFS.Layers
  })
  afterAll(() => {
    if (first !== undefined) removeImages(first, name)
    work.remove()
  })

  const copies: readonly (readonly [string, string, readonly string[]])[] = [
    ['a docker archive', `docker-archive:${work.path}/copy.tar:${name}`, []],
    ['an OCI layout', `oci:${work.path}/layout:1`, []],
    ['an OCI archive', `oci-archive:${work.path}/oci.tar:1`, []],
    ['an OCI archive with zstd layers', `oci-archive:${work.path}/zstd.tar:1`, ['--dest-compress-format', 'zstd']],
  ]
  test.each(copies)('%s that skopeo wrote is whole and keeps image ID and layers', (_, target, options) => {
    tool('skopeo', 'copy', '-q', ...options, `docker-archive:${saved}`, target)
    const config = tool('skopeo', 'inspect', '--config', '--raw', target)
    const path = target.split(':')[1] ?? ''
    const [archive] = verifySchema.parse(imgtarJson('verify', path)).archives
    expect(archive?.images.map((image) => image.imageID)).toEqual([
      `sha256:${createHash('sha256').update(config).digest('hex')}`,
    ])
    expect(archive?.images.map((image) => image.layers.map((layer) => layer.diffID))).toEqual([diffIDs])
  })

  test('what podman loads and saves again is whole and keeps the layers', () => {
    const store = ['--root', `${work.path}/root`, '--runroot', `${work.path}/run`, '--storage-driver', 'vfs']
    tool('podman', ...store, 'load', '-q', '-i', saved)
    for (const format of ['docker-archive', 'oci-archive']) {
      const target = join(work.path, `podman-${format}.tar`)
      tool('podman', ...store, 'save', '-q', '--format', format, '-o', target, `localhost/${name}`)
      const [archive] = verifySchema.parse(imgtarJson('verify', target)).archives
      expect(archive?.images.map((image) => image.layers.map((layer) => layer.diffID))).toEqual([diffIDs])
    }
    tool('podman', ...store, 'rmi', '-af')
  })
})
