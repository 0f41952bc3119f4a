import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { diffIDOf, digestOf } from '../../src/bytes/digest.js'
import { testFolder } from '../support/folder.js'
import { file, layerTar } from '../support/layers.js'
import { run } from './run.js'

const whole = layerTar([file('a', { content: 'abc' }), file('b', { content: 'def' })])
// Cut exactly between two members, as a copy that broke off may be.
const cut = whole.subarray(0, 1024)
const diffID = diffIDOf(digestOf(cut))

const at = testFolder({ 'whole.tar': whole, 'cut.tar': cut, 'cut.tar.gz': gzipSync(cut) })

interface Told {
  readonly findings: readonly { code: string; severity: string; where: object }[]
  readonly images?: readonly { layers: readonly { diffID: string }[] }[]
}

async function told(line: string, stdin?: Uint8Array): Promise<Told> {
  const args = [...line.split(' '), '-o', 'out', '--force', '--json']
  const { exitCode, stdout } = await run(args, { cwd: at(), ...(stdin && { stdin }) })
  expect(exitCode).toBe(0)
  // What the command answers; its own schema is held against it elsewhere.
  return JSON.parse(stdout) as Told
}

describe('a root filesystem without an end marker', () => {
  test.each(['import cut.tar', 'import cut.tar.gz', 'import -'])('%s takes it as it is, and says so', async (line) => {
    const { findings, images } = await told(line, line.endsWith('-') ? cut : undefined)
    expect(images?.[0]?.layers).toMatchObject([{ diffID }])
    expect(findings).toMatchObject([{ code: 'LAYER_END_MISSING', severity: 'note', where: { layerOffset: 1024 } }])
  })

  test.each(['append whole.tar cut.tar', 'append whole.tar cut.tar.gz', 'append cut.tar whole.tar', 'save cut.tar'])(
    '%s takes it as it is, and says so',
    async (line) => {
      const { findings, images } = await told(line)
      expect(images?.[0]?.layers).toContainEqual(expect.objectContaining({ diffID }))
      expect(findings).toMatchObject([{ code: 'ARCHIVE_END_MISSING', severity: 'warning', where: { offset: 1024 } }])
    },
  )

  test('append says which of its layers it is', async () => {
    const { findings } = await told('append whole.tar cut.tar')
    expect(findings[0]?.where).toEqual({ archive: 'cut.tar', offset: 1024 })
  })

  test('export takes what is there, and says so', async () => {
    const { findings } = await told('export cut.tar')
    expect(findings).toMatchObject([{ code: 'ARCHIVE_END_MISSING', where: { archive: 'cut.tar', offset: 1024 } }])
    expect((await readFile(at('out'))).length).toBeGreaterThan(1024)
  })

  test.each([
    ['export', ['export', 'cut.tar', '-o', 'rootfs:by-export']],
    ['save', ['save', 'cut.tar', '-o', 'rootfs:by-save']],
    ['extract', ['extract', 'cut.tar', '-o', 'by-extract']],
  ])('%s into a directory says so as well', async (_, args) => {
    const { exitCode, stdout, stderr } = await run(args, { cwd: at() })
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: 'imgtar: cut.tar: warning ARCHIVE_END_MISSING: the archive ends without an end marker (byte 1024)\n',
    })
    expect(stdout).toMatch(/^wrote by-/)
  })
})
