import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { noSuchArchive } from '../../src/cli/no-such-archive.js'
import { ArchiveError } from '../../src/errors.js'
import { run } from './run.js'

const samples = fileURLToPath(new URL('../../samples/', import.meta.url))

const gone = new ArchiveError('ERR_NOT_FOUND', 'no such file or directory', { location: 'x' })

describe('what is no file', () => {
  test.each([
    ['docker-daemon:app:1', 'docker save'],
    ['docker://alpine', 'skopeo copy docker://'],
    ['containers-storage:app', 'podman save'],
    ['dir:app', 'skopeo copy dir:'],
    ['alpine:latest', 'docker save alpine:latest | imgtar'],
  ])('%s gets a hint at %s', (operand, hint) => {
    expect(noSuchArchive(gone, operand)).toMatchObject({
      code: 'ERR_NOT_FOUND',
      location: 'x',
      hint: expect.stringContaining(hint) as unknown,
    })
  })

  test.each(['app.tar', 'bundel.tar:web:1', 'build/layout:web', 'oci', './alpine:latest'])(
    '%s means a file and gets none',
    (operand) => {
      expect(noSuchArchive(gone, operand)).toBe(gone)
    },
  )

  test('leaves other errors, and hints that are there, alone', () => {
    const other = new ArchiveError('ERR_IO', 'permission denied', { location: 'x' })
    const hinted = new ArchiveError('ERR_NOT_FOUND', 'no image', { location: 'x', hint: 'it holds y' })
    expect([other, hinted].map((error) => noSuchArchive(error, 'docker-daemon:x'))).toEqual([other, hinted])
  })
})

describe('evidence that is not there', () => {
  test.each([
    ['--against', 'gone.tar'],
    ['--against', 'gone.tar:web:1'],
    ['--tar-split', 'gone.json.gz'],
  ])('%s %s is refused also where nothing is damaged', async (option, path) => {
    const { exitCode, stderr } = await run(['verify', 'app.tar', option, path], { cwd: samples })
    expect(stderr).toMatch(/^imgtar: gone[^:]*: no such file/)
    expect(exitCode).toBe(2)
  })
})
