import { closeSync, cpSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fileSource, type Span } from '../../../src/bytes/source.js'
import { runContext } from '../../../src/context.js'
import { salvageSchema } from '../../../src/model/report-salvage.js'
import { inspectSchema } from '../../../src/model/report.js'
import { scanSource } from '../../../src/tar/scan.js'
import { paddingOf } from '../../../src/tar/write.js'
import { buildImage, inspectImage, removeImages } from './image.js'
import { CAN_START, startOwn, type OwnDaemon } from './own-daemon.js'
import { docker, ENGINES, HAVE_TOOLS, imgtar, imgtarJson, tool, workFolder } from './support.js'

const work = workFolder()
const at = (name: string) => join(work.path, name)
const name = `imgtar-test-salvage-${String(process.pid)}:1`
afterAll(() => work.remove())

/** Where the layers of an archive lie, in the order of its members. */
async function layersOf(archive: string): Promise<readonly Span[]> {
  const { images } = inspectSchema.parse(imgtarJson('inspect', archive))
  const paths = new Set(images[0]?.layers.map(({ path }) => path))
  await using source = await fileSource(archive)
  const found: Span[] = []
  const onEntry = ({ path, content }: { readonly path: string; readonly content: Span }) => {
    if (paths.has(path)) found.push(content)
  }
  await scanSource(source, { onEntry }, runContext())
  return found
}

/** A copy with one byte flipped in the middle of its largest layer. */
async function damaged(archive: string): Promise<string> {
  const copy = at('damaged.tar')
  cpSync(archive, copy)
  const [largest = { offset: 0, length: 0 }] = [...(await layersOf(archive))].sort((a, b) => b.length - a.length)
  const offset = largest.offset + Math.floor(largest.length / 2)
  const file = openSync(copy, 'r+')
  const byte = new Uint8Array(1)
  readSync(file, byte, 0, 1, offset)
  writeSync(
    file,
    byte.map((value) => value ^ 4),
    0,
    1,
    offset,
  )
  closeSync(file)
  return copy
}

/** A copy with its documents before or after its layers, that ends in the middle of the layer that comes last. */
async function cut(archive: string, documents: 'before' | 'after'): Promise<string> {
  const copy = at('cut.tar')
  const layers = new Set((await layersOf(archive)).map(({ offset }) => offset))
  const whole = readFileSync(archive)
  const members = { documents: [] as Uint8Array[], layers: [] as Uint8Array[] }
  let last = 0
  await using source = await fileSource(archive)
  const onEntry = ({ header, content }: { readonly header: Span; readonly content: Span }) => {
    const isLayer = layers.has(content.offset) && content.length > 0
    const end = content.offset + content.length
    members[isLayer ? 'layers' : 'documents'].push(whole.subarray(header.offset, end + paddingOf(content.length)))
    if (isLayer) last = content.length
  }
  await scanSource(source, { onEntry }, runContext())
  const kept = Buffer.concat([...(documents === 'before' ? members.documents : []), ...members.layers])
  // Of a small layer half is less than what fills up its last block.
  writeFileSync(copy, kept.subarray(0, kept.length - paddingOf(last) - Math.ceil(last / 2)))
  return copy
}

const WAYS = [
  ['a flipped byte', damaged],
  ['its end cut off, and its documents before it', (archive: string) => cut(archive, 'before')],
  ['its end cut off, and all documents with it', (archive: string) => cut(archive, 'after')],
] as const

describe.each(ENGINES.filter(({ host }) => host !== ''))('$name', (engine) => {
  const saved = at(`saved by ${engine.name}.tar`)
  let id = ''
  let diffIDs: readonly string[] = []
  let own: OwnDaemon | undefined
  const places = new Map<string, string>([['an archive', saved]])

  beforeAll(async () => {
    buildImage(engine, name, 'salvage')
    const built = inspectImage(engine, name)
    id = built.Id
    diffIDs = built.RootFS.Layers
    docker(engine, 'save', '-o', saved, name)
    removeImages(engine, name)
    if (HAVE_TOOLS) {
      const layout = at(`layout ${engine.name}`)
      tool('skopeo', 'copy', '-q', `docker-archive:${saved}`, `oci:${layout}:1`)
      places.set('an OCI layout of skopeo', `oci:${layout}`)
    }
    if (CAN_START) {
      own = await startOwn(engine)
      await own.load(saved, 60_000)
      await own.halt()
      places.set('a stopped docker', `docker-root:${own.root}`)
    }
  }, 240_000)
  afterAll(async () => {
    await own?.stop()
  }, 60_000)

  test.each(WAYS)(
    'loads what was salvaged of %s, with the same image ID',
    { timeout: 240_000 },
    async (way, damage) => {
      const broken = await damage(saved)
      expect(imgtar('verify', '-q', broken).status).not.toBe(0)
      const alone = imgtar('salvage', broken, '-o', at(`alone ${engine.name} ${way}`), '--json')
      const kept = salvageSchema.parse(JSON.parse(alone.stdout))
      expect(kept).toMatchObject({ ok: false, written: null })
      const hasConfig = kept.images.some(({ config }) => config.state === 'intact')
      for (const [place, from] of places) {
        const out = at(`${engine.name} healed from ${place} ${way}`)
        const { stdout } = imgtar('salvage', broken, '-o', out, '--from', from, '--json')
        const { images } = salvageSchema.parse(JSON.parse(stdout))
        // skopeo writes configs anew: where the cut took the config along, a layout has another image with the same layers.
        const isNew = !hasConfig && from.startsWith('oci:')
        if (isNew && images[0]?.state !== 'whole') continue
        expect(
          images.map(({ state }) => state),
          `${place}: ${JSON.stringify(images)}`,
        ).toEqual(['whole'])
        const output = docker(engine, 'load', '-i', join(out, 'images.tar'))
        // A layout has only the tag.
        const reference = /^Loaded image ID: (.*)$/m.exec(output)?.[1] ?? name
        expect(images[0]?.names, place).toEqual(reference === name ? [name] : [])
        const loaded = inspectImage(engine, reference)
        expect(loaded.RootFS.Layers, place).toEqual(diffIDs)
        // skopeo compresses layers, and the containerd store takes the digest of the manifest that names them for the ID.
        const isSame = !isNew && (engine.store === 'classic' || !from.startsWith('oci:'))
        if (isSame) expect(loaded.Id, place).toBe(id)
        removeImages(engine, reference)
      }
    },
  )
})
