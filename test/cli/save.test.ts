import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dockerSave, ociLayout, packed, PLAIN } from '../support/archives.js'
import { run } from './run.js'

let cwd = ''
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'imgtar-save-'))
  writeFileSync(join(cwd, 'app.tar'), packed(dockerSave(PLAIN)))
  writeFileSync(join(cwd, 'other.tar'), packed(dockerSave({ ...PLAIN, config: { author: 'else' } })))
  writeFileSync(join(cwd, 'none.tar'), packed(ociLayout()))
})
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

describe('save writes nothing', () => {
  test.each([
    ['of an archive without images', ['none.tar'], 'none.tar: there is no image in the archive (ERR_NOT_FOUND)'],
    ['where only others have images', ['app.tar', 'none.tar'], 'none.tar: there is no image in the archive'],
    ['of two images with one name', ['app.tar', 'other.tar'], 'app:1 is two images'],
  ])('%s, whatever the format', async (_, archives, message) => {
    for (const output of ['out', 'oci:out', 'oci-archive:out']) {
      const { exitCode, stdout, stderr } = await run(['save', ...archives, '-o', output], { cwd })
      expect([exitCode, stdout]).toEqual([2, ''])
      expect(stderr).toContain(message)
      expect(existsSync(join(cwd, 'out'))).toBe(false)
    }
  })
})

test('save says names as the output has them', async () => {
  const name = { 'org.opencontainers.image.ref.name': '1' }
  const members = ociLayout({ ...PLAIN, names: [] })
  const index = JSON.parse(new TextDecoder().decode(members.get('index.json'))) as { manifests: object[] }
  const manifests = index.manifests.map((entry) => ({ ...entry, annotations: name }))
  members.set('index.json', new TextEncoder().encode(JSON.stringify({ ...index, manifests })))
  writeFileSync(join(cwd, 'bare.tar'), packed(members))
  const docker = await run(['save', 'bare.tar', '-o', 'docker.tar'], { cwd })
  expect(docker.stdout).toContain('\n  <none>  ')
  expect(docker.stdout).toContain('note OUTPUT_NAME_LEFT_OUT: docker takes no name without a tag: "1"')
  expect((await run(['save', 'bare.tar', '-o', 'oci:layout'], { cwd })).stdout).toContain('\n  1  ')
  expect(await run(['verify', 'docker.tar', 'oci:layout'], { cwd })).toMatchObject({ exitCode: 0 })
})
