import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS, runContext } from '../../src/context.js'
import { ArchiveError } from '../../src/errors.js'
import { openArchive } from '../../src/formats/index.js'
import { extract } from '../../src/ops/extract.js'
import { CORPUS, hasCorpus } from './corpus.js'

const hostile = hasCorpus ? readdirSync(join(CORPUS, 'hostile')).filter((name) => /^(?:x-|t-).*\.tar/.test(name)) : []
const places = ['/tmp', '/', CORPUS, join(CORPUS, 'hostile')]

/** Names where a hostile layer might leave something, save those that come and go with other work. */
const around = () => places.flatMap((place) => readdirSync(place).filter((name) => /pwned/i.test(name)))

describe.skipIf(!hasCorpus)('a hostile layer of the corpus leaves nothing outside of the target', () => {
  test.each(hostile)('%s', async (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'imgtar-hostile-'))
    const target = join(folder, 'target')
    mkdirSync(target)
    const before = around()
    // The bombs of the corpus are stopped long before they fill a disk.
    const context = runContext({ limits: { ...DEFAULT_LIMITS, ratio: 20 } })
    try {
      await using archive = await openArchive(join(CORPUS, 'hostile', name), context, { access: 'random' })
      for (const [index, { layers }] of archive.images.entries()) {
        const inner = join(target, String(index))
        mkdirSync(inner)
        const extraction = await extract(layers, { archive: name, globs: [], sameOwner: false }, context)
        await extraction.into(inner, inner)
      }
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error
    } finally {
      expect(readdirSync(folder)).toEqual(['target'])
      expect(lstatSync(target).isDirectory()).toBe(true)
      expect(around()).toEqual(before)
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
