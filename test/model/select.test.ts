import { describe, expect, test } from 'vitest'
import type { Image, ImageArchive } from '../../src/model/image.js'
import type { Platform } from '../../src/model/platform.js'
import { selectImage, selectImages } from '../../src/model/select.js'

const AMD64: Platform = { os: 'linux', architecture: 'amd64' }
const ARM64: Platform = { os: 'linux', architecture: 'arm64' }

const image = (name: string, platform: Platform): Image => ({
  names: [name],
  platform,
  config: {},
  configSource: { kind: 'absent', path: 'config' },
  manifest: undefined,
  layers: [],
  attachments: [],
  path: 'manifest.json',
})

const archive = (...images: Image[]): ImageArchive => ({
  location: 'a.tar',
  format: 'docker-save',
  images,
  findings: [],
  loose: [],
  [Symbol.asyncDispose]: () => Promise.resolve(),
})

describe('where it is not clear which image is meant', () => {
  test('the images are offered, and what to write for one of them', () => {
    expect(() => selectImage(archive(image('a:1', AMD64), image('b:1', AMD64)), {})).toThrow(
      expect.objectContaining({
        code: 'ERR_REFERENCE',
        hint: 'it holds a:1 (linux/amd64); b:1 (linux/amd64); a.tar:a:1 is the first of them',
      }),
    )
  })

  test('by its place where several have its name', () => {
    expect(() =>
      selectImage(archive(image('b:1', AMD64), image('a:1', AMD64), image('a:1', AMD64)), { name: 'a:1' }),
    ).toThrow(expect.objectContaining({ hint: expect.stringMatching(/; a\.tar:@1 is the first of them$/) as string }))
  })

  test('and --platform, where that would make it clear', () => {
    expect(() => selectImage(archive(image('a:1', AMD64), image('a:1', ARM64)), { name: 'a:1' })).toThrow(
      expect.objectContaining({
        hint: 'it holds a:1 (linux/amd64); a:1 (linux/arm64); --platform linux/arm64 would take that one',
      }),
    )
  })
})

test('a platform takes the images that are for it', () => {
  const [amd64, arm64] = [image('a:1', AMD64), image('a:1', ARM64)]
  expect(selectImages(archive(amd64, arm64), { platform: ARM64 })).toEqual([arm64])
  expect(selectImage(archive(amd64, arm64), { name: 'a:1', index: 0 }).platform).toEqual(AMD64)
})
