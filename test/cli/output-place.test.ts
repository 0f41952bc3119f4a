import { describe, expect, test } from 'vitest'
import { directoryPlace, outputOrDirectory, outputPlace, plainPath } from '../../src/cli/output-place.js'
import { UsageError } from '../../src/cli/usage-error.js'

describe('an output', () => {
  test.each([
    ['app.tar', 'docker-archive', 'app.tar'],
    ['-', 'docker-archive', '-'],
    ['docker-archive:app.tar', 'docker-archive', 'app.tar'],
    ['oci:a/layout', 'oci', 'a/layout'],
    ['oci-archive:-', 'oci-archive', '-'],
    ['web:1.tar', 'docker-archive', 'web:1.tar'],
    ['./docker-daemon:x', 'docker-archive', './docker-daemon:x'],
    ['C:\\app.tar', 'docker-archive', 'C:\\app.tar'],
  ])('%s is a %s at %s', (text, format, path) => {
    expect(outputPlace(text)).toEqual({ format, path })
  })

  test.each([
    ['docker-daemon:web:1', 'docker load'],
    ['docker://registry/web:1', 'skopeo copy oci:DIR docker://'],
    ['containers-storage:web', 'podman load'],
    ['dir:d', 'skopeo copy oci:DIR dir:'],
    ['docker-root:/var/lib/docker', 'imgtar load'],
    ['data-root:/var/lib/docker', 'imgtar load'],
    ['sif:x', './sif:x is a file of that name'],
    ['rootfs:d', 'imgtar export'],
  ])('that nothing writes, as %s, is refused and told what does', (text, hint) => {
    expect(() => outputPlace(text)).toThrow(UsageError)
    expect(() => outputPlace(text)).toThrow(hint)
  })

  test.each(['oci:dir:web:2', 'docker-archive:app.tar:web:2'])('has no name for the image, as in %s', (text) => {
    expect(() => outputPlace(text)).toThrow(/imgtar tag.*write [a-z-]+:[a-z.]+ without a name$/)
  })

  test.each(['', 'oci:', 'rootfs:'])('without a path, as %j, is refused', (text) => {
    expect(() => outputOrDirectory(text)).toThrow('--output names no file')
  })
})

test('files of an image go to a directory, and never to standard output', () => {
  expect(directoryPlace('rootfs:d')).toEqual({ format: 'rootfs', path: 'd' })
  expect(directoryPlace('d')).toBeUndefined()
  expect(outputOrDirectory('rootfs:d')).toEqual({ format: 'rootfs', path: 'd' })
  expect(() => directoryPlace('rootfs:-')).toThrow('does not go to standard output')
})

test('a plain path takes no transport at all', () => {
  expect([plainPath('a.tar'), plainPath('./oci:x'), plainPath('web:1')]).toEqual(['a.tar', './oci:x', 'web:1'])
  expect(() => plainPath('oci:x')).toThrow('imgtar save writes it')
})
