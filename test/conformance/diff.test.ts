import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { DEFAULT_LIMITS, runContext } from '../../src/context.js'
import { openArchive } from '../../src/formats/index.js'
import type { ImageArchive } from '../../src/model/image.js'
import type { FileChange } from '../../src/ops/diff/files.js'
import { diff, type ImageDiff } from '../../src/ops/diff/index.js'
import type { Tolerances } from '../../src/ops/tolerances.js'
import { CORPUS, expectedTrees, hasCorpus } from './corpus-trees.js'

const modified = z.array(z.object({ path: z.string(), fields: z.array(z.string()) }))
const lists = z.object({ added: z.array(z.string()), deleted: z.array(z.string()), modified })
const fact = lists.partial().extend({
  a: z.string(),
  b: z.string(),
  config_equal: z.boolean(),
  entries_a: z.number(),
  entries_b: z.number(),
  full: z.string().optional(),
})
type Fact = z.output<typeof fact>

// The names that the facts have for our fields.
const FIELDS: Readonly<Record<string, string>> = { linkPath: 'linkname', device: 'dev', hardlink: 'hardlink_of' }

function facts(): [string, Fact][] {
  const text = readFileSync(resolve(CORPUS, 'EXPECTED-diffs.json'), 'utf8')
  return Object.entries(z.record(z.string(), fact).parse(JSON.parse(text)))
}

function listsOf({ full, ...known }: Fact): z.output<typeof lists> {
  if (full === undefined) return lists.parse(known)
  return lists.parse(JSON.parse(gunzipSync(readFileSync(resolve(CORPUS, full))).toString('utf8')))
}

// One corpus image is 1,500 levels deep.
const context = runContext({ concurrency: 2, limits: { ...DEFAULT_LIMITS, depth: 4096 } })

interface Side {
  readonly archive: ImageArchive
  readonly index: number
}

async function side(text: string): Promise<Side> {
  const [, path = '', index = '0'] = /^(\S+)(?: \(image index (\d+)\))?$/.exec(text) ?? []
  return { archive: await openArchive(resolve(CORPUS, path), context, { access: 'random' }), index: Number(index) }
}

async function compared(a: string, b: string, tolerances: Tolerances = {}, layers = false): Promise<ImageDiff> {
  const [one, two] = [await side(a), await side(b)]
  try {
    const [x, y] = [one.archive.images[one.index], two.archive.images[two.index]]
    if (x === undefined || y === undefined) throw new Error('no such image')
    return await diff({ archive: a, image: x }, { archive: b, image: y }, { tolerances, layers }, context)
  } finally {
    await one.archive[Symbol.asyncDispose]()
    await two.archive[Symbol.asyncDispose]()
  }
}

function paths(changes: readonly FileChange[], kind: 'added' | 'removed'): string[] {
  // A rename is an addition and a removal to who does not look for renames.
  const renamed = changes.flatMap(({ path, from }) => (from === undefined ? [] : [kind === 'added' ? path : from]))
  return [...changes.filter(({ change }) => change === kind).map(({ path }) => path), ...renamed].sort()
}

const byPath = (a: { path: string }, b: { path: string }) => (a.path < b.path ? -1 : 1)

function fieldNames({ path, fields }: FileChange): { path: string; fields: string[] } {
  return {
    path,
    fields: Object.keys(fields)
      .map((name) => FIELDS[name] ?? name)
      .sort(),
  }
}

describe.skipIf(!hasCorpus)('the differences of two real images', () => {
  const all = hasCorpus ? facts() : []

  test.each(all)('%s are those that umoci and docker show', async (_, expected) => {
    const found = await compared(expected.a, expected.b)
    const known = listsOf(expected)
    expect(paths(found.files, 'added')).toEqual([...known.added].sort())
    expect(paths(found.files, 'removed')).toEqual([...known.deleted].sort())
    const modified = found.files.filter(({ change }) => change === 'modified')
    expect(modified.map(fieldNames).sort(byPath)).toEqual(
      known.modified.map(({ path, fields }) => ({ path, fields: [...fields].sort() })).sort(byPath),
    )
    expect([found.a.entries, found.b.entries]).toEqual([expected.entries_a, expected.entries_b])
    if (expected.config_equal) expect(found.config).toEqual([])
    else expect(found.config.length + found.history.length).toBeGreaterThan(0)
  })

  test.each(all)('%s are the same from the other side', async (_, { a, b }) => {
    const [there, back] = [await compared(a, b), await compared(b, a)]
    expect(there.equal).toBe(back.equal)
    expect(paths(there.files, 'added')).toEqual(paths(back.files, 'removed'))
    expect(paths(there.files, 'removed')).toEqual(paths(back.files, 'added'))
    expect(there.config.map((change) => ({ ...change, a: change.b, b: change.a }))).toEqual(back.config)
    expect([there.a.rootfsDigest, there.b.rootfsDigest]).toEqual([back.b.rootfsDigest, back.a.rootfsDigest])
  })

  test.each(all)('%s leave equal digests exactly where no path differs', async (_, { a, b }) => {
    const found = await compared(a, b, { fileTimestamps: true })
    expect(found.a.rootfsDigest === found.b.rootfsDigest).toBe(found.files.length === 0)
  })

  test('are packages, where packages were upgraded', async () => {
    const pair = 'pairs/pair-pkg.tar.gz'
    const { packages, files } = await compared(`${pair} (image index 0)`, `${pair} (image index 1)`)
    expect(packages.changes.map(({ id, change, a, b }) => [id, change, a, b])).toEqual([
      ['dpkg:curl', 'upgraded', '7.88.1-10+deb12u5', '7.88.1-10+deb12u15'],
      ['dpkg:libcurl4', 'upgraded', '7.88.1-10+deb12u5', '7.88.1-10+deb12u15'],
      ['dpkg:tzdata', 'upgraded', '2025b-0+deb12u1', '2026f-0+deb12u1'],
    ])
    // What ldconfig keeps of the inodes of the libraries is all that no package has changed.
    const own = files.filter((file) => !packages.folded.has(file) && 'sha256' in file.fields)
    expect(own.map(({ path }) => path)).toEqual(['var/cache/ldconfig/aux-cache'])
  })

  test('are none but times, and the layers say so, where an image was built again', async () => {
    const [a, b] = ['pairs/pair-ts-a.tar.gz', 'pairs/pair-ts-b.tar.gz']
    const strict = await compared(a, b, {}, true)
    expect(strict.equal).toBe(false)
    expect(strict.layers.map(({ change, why }) => [change, why?.differs])).toEqual([['modified', ['mtimes']]])
    const semantic = await compared(a, b, { fileTimestamps: true, imageTimestamps: true })
    expect(semantic.files).toEqual([])
    expect(semantic.ignored.find(({ what }) => what === 'mtimes')?.count).toBe(434)
  })

  test('are none between an image and its flat import, but for what docker export adds', async () => {
    const found = await compared('pairs/pair-meta.tar.gz (image index 1)', 'pairs/pair-meta-2-flat.tar.gz', {
      profile: 'docker-export',
    })
    expect(found.files).toEqual([])
    expect(found.ignored).toEqual([{ rule: '--profile docker-export', what: 'paths', count: 8 }])
    expect(found.a.rootfsDigest).toBe(found.b.rootfsDigest)
  })
})

describe.skipIf(!hasCorpus)('an image of the corpus', () => {
  // Of this one docker takes the second manifest.json, which has no image.
  const images = hasCorpus ? expectedTrees().filter(({ name }) => name !== 'hostile/h-dup-manifest.tar') : []

  test.each(images)('$name, image $index, does not differ from itself', async ({ name, index }) => {
    const place = `${name} (image index ${index})`
    const found = await compared(place, place, {}, true)
    expect([found.equal, found.files, found.config, found.history, found.ignored]).toEqual([true, [], [], [], []])
    expect(found.a.rootfsDigest).toBe(found.b.rootfsDigest)
  })
})
