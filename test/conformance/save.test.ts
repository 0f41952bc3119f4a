import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { runContext } from '../../src/context.js'
import { severityOf, type Finding } from '../../src/findings.js'
import { openArchive } from '../../src/formats/index.js'
import { LAYOUTS } from '../../src/formats/write/index.js'
import { verify } from '../../src/ops/verify.js'
import { saved } from '../support/saving.js'
import { CORPUS, verdictsOfEngines } from './corpus.js'

// What some engine takes and we do not write, each with the code that says why.
const REFUSED: Readonly<Record<string, string>> = {
  // The layers are cut short in these.
  'images/snyk-docker-plugin__alpine-3.12.0.tar': 'ERR_DIGEST',
  'images/snyk-docker-plugin__centos-6.tar': 'ERR_DIGEST',
  // Configs that claim other numbers of layers than there are.
  'images/snyk-docker-plugin__nginx-with-buildinfo.tar': 'ERR_DOCUMENT',
  'images/snyk-docker-plugin__nginx.tar': 'ERR_DOCUMENT',
  'images/snyk-docker-plugin__oci-with-manifest.tar': 'ERR_DOCUMENT',
  'layouts/oras__images': 'ERR_DOCUMENT',
  // umoci takes layouts without any image.
  'layouts/fanal__test_no_valid_manifests.oci': 'ERR_NOT_FOUND',
  'layouts/rules_docker__test_index3': 'ERR_NOT_FOUND',
  // Several platforms of one name.
  'local/mp.buildx-oci-multi.tar': 'ERR_REFERENCE',
  'local/mp.docker28-containerd-multi.tar': 'ERR_REFERENCE',
}

const context = runContext()
const work = mkdtempSync(join(tmpdir(), 'imgtar-saved-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))

/** Archives with images that some engine takes. */
const loadable = existsSync(CORPUS)
  ? [...verdictsOfEngines()]
      .filter(([name, said]) => /^(?:images|layouts|local)\//.test(name) && said.some((one) => one.startsWith('y')))
      .map(([name]) => name)
  : []

async function findingsOf(path: string): Promise<readonly Finding[]> {
  await using archive = await openArchive(path, context)
  return (await verify(archive, context)).findings
}

describe.skipIf(loadable.length === 0)('what others wrote and some engine takes, as it comes', () => {
  test('is much', () => {
    expect(loadable.length).toBeGreaterThan(75)
    expect(loadable).toEqual(expect.arrayContaining(Object.keys(REFUSED)))
  })

  describe.each(LAYOUTS)('is written as a %s archive', (layout) => {
    test.each(loadable)('%s, in which nothing new is wrong', { timeout: 60_000 }, async (name) => {
      const to = join(work, 'out.tar')
      const writing = saved([join(CORPUS, name)], to, { target: { format: 'docker-archive', layout } })
      if (name in REFUSED) {
        await expect(writing).rejects.toMatchObject({ code: REFUSED[name] })
        return
      }
      await writing
      // What is odd inside layers and configs is copied as it is.
      const own = new Set((await findingsOf(join(CORPUS, name))).map(({ code }) => code))
      const odd = (await findingsOf(to)).filter((finding) => severityOf(finding) !== 'note')
      expect(odd.filter(({ code }) => !own.has(code) || code.startsWith('INDEX_'))).toEqual([])
    })
  })
})
