import { existsSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { dockerSave, ociLayout, packed, PLAIN } from '../support/archives.js'
import { run } from './run.js'
import { testFolder } from '../support/folder.js'

const at = testFolder({
  'app.tar': packed(dockerSave(PLAIN)),
  'other.tar': packed(dockerSave({ ...PLAIN, config: { author: 'else' } })),
  'none.tar': packed(ociLayout()),
})

describe('save writes nothing', () => {
  test.each([
    ['of an archive without images', ['none.tar'], 'none.tar: there is no image in the archive (ERR_NOT_FOUND)'],
    ['where only others have images', ['app.tar', 'none.tar'], 'none.tar: there is no image in the archive'],
    ['of two images with one name', ['app.tar', 'other.tar'], 'app:1 is two images'],
  ])('%s, whatever the format', async (_, archives, message) => {
    for (const output of ['out', 'oci:out', 'oci-archive:out']) {
      const { exitCode, stdout, stderr } = await run(['save', ...archives, '-o', output], { cwd: at() })
      expect([exitCode, stdout]).toEqual([2, ''])
      expect(stderr).toContain(message)
      expect(existsSync(at('out'))).toBe(false)
    }
  })
})

test('save says names as the output has them', async () => {
  const name = { 'org.opencontainers.image.ref.name': '1' }
  const members = ociLayout({ ...PLAIN, names: [] })
  const index = JSON.parse(new TextDecoder().decode(members.get('index.json'))) as { manifests: object[] }
  const manifests = index.manifests.map((entry) => ({ ...entry, annotations: name }))
  members.set('index.json', new TextEncoder().encode(JSON.stringify({ ...index, manifests })))
  writeFileSync(at('bare.tar'), packed(members))
  const docker = await run(['save', 'bare.tar', '-o', 'docker.tar'], { cwd: at() })
  expect(docker.stdout).toContain('\n  <none>  ')
  expect(docker.stdout).toContain('note OUTPUT_NAME_LEFT_OUT: docker takes no name without a tag: "1"')
  expect((await run(['save', 'bare.tar', '-o', 'oci:layout'], { cwd: at() })).stdout).toContain('\n  1  ')
  expect(await run(['verify', 'docker.tar', 'oci:layout'], { cwd: at() })).toMatchObject({ exitCode: 0 })
})
