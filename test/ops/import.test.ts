import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { watched } from '../../src/bytes/blocks.js'
import { bytesSource } from '../../src/bytes/source.js'
import { compressionsOf } from '../../src/formats/write/index.js'
import { runContext } from '../../src/context.js'
import type { Staged, Staging } from '../../src/model/outgoing.js'
import { configBefore, configInspected } from '../../src/ops/config-from.js'
import { importRootfs, type Imported, type ImportSettings, type RootfsInput } from '../../src/ops/import.js'
import { digest, dockerSave, ociLayout, packed, PLAIN } from '../support/archives.js'
import { chunksOf, collect } from '../support/chunks.js'
import { layerTar } from '../support/layers.js'

const ROOTFS = layerTar([
  { path: 'bin/app', content: '#!' },
  { path: 'manifest.json', content: '{}' },
])
const SETTINGS: ImportSettings = {
  names: ['app'],
  platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
  created: '2026-01-02T03:04:05Z',
  comment: 'Imported from -',
}

/** A staging in memory. */
function memory(): Staging & { readonly stored: Uint8Array[] } {
  const stored: Uint8Array[] = []
  const stage = async (chunks: AsyncIterable<Uint8Array>): Promise<Staged> => {
    const bytes = await collect(chunks)
    return { size: bytes.length, order: stored.push(bytes) - 1 }
  }
  return {
    stored,
    stage,
    stageBlocks: (blocks) => stage(watched(blocks)),
    discard: () => Promise.resolve(void stored.pop()),
  }
}

async function imported(
  bytes: RootfsInput['bytes'],
  settings: Partial<ImportSettings> = {},
  { layout = 'universal', isCertain = false, staging = memory() } = {},
): Promise<Imported> {
  const holds = compressionsOf({ format: 'docker-archive', layout: layout === 'classic' ? 'classic' : 'universal' })
  const input = { location: 'rootfs.tar', bytes, isCertain }
  return importRootfs(input, { ...SETTINGS, ...settings }, { compress: 'keep', holds, staging }, runContext())
}

describe.each<[string, (bytes: Uint8Array) => RootfsInput['bytes']]>([
  ['that comes in chunks', chunksOf],
  [
    'that comes as a stream of Node, which has a method read too',
    (bytes) => Readable.from([bytes.subarray(0, 700), bytes.subarray(700)]),
  ],
  ['that can be read anywhere', (bytes) => bytesSource(bytes, 'rootfs.tar')],
])('a root filesystem %s', (_, opened) => {
  test('the tar is the layer, byte for byte', async () => {
    const staging = memory()
    const { image } = await imported(opened(ROOTFS), {}, { staging })
    expect(image.layers).toMatchObject([{ diffID: digest(ROOTFS), digest: digest(ROOTFS), compression: 'none' }])
    expect(staging.stored).toEqual([ROOTFS])
    expect(image.names).toEqual(['app:latest'])
  })

  test('the config is what docker import writes, key by key', async () => {
    const { image } = await imported(opened(ROOTFS))
    const none =
      '"Hostname":"","Domainname":"","User":"","AttachStdin":false,"AttachStdout":false,"AttachStderr":false,"Tty":false,' +
      '"OpenStdin":false,"StdinOnce":false,"Env":null,"Cmd":null,"Image":"","Volumes":null,"WorkingDir":"",' +
      '"Entrypoint":null,"OnBuild":null,"Labels":null'
    expect(new TextDecoder().decode(image.config.bytes)).toBe(
      `{"architecture":"arm64","comment":"Imported from -","config":{${none}},"container_config":{${none}},` +
        '"created":"2026-01-02T03:04:05Z","history":[{"created":"2026-01-02T03:04:05Z","comment":"Imported from -"}],' +
        `"os":"linux","rootfs":{"type":"layers","diff_ids":["${digest(ROOTFS)}"]},"variant":"v8"}`,
    )
  })

  test('gzip stays where the output can hold it, and the diffID is that of the tar all the same', async () => {
    const gz = new Uint8Array(gzipSync(ROOTFS))
    const [held, staging] = [memory(), memory()]
    const kept = await imported(opened(gz), {}, { staging: held })
    expect(kept.image.layers).toMatchObject([{ diffID: digest(ROOTFS), digest: digest(gz), compression: 'gzip' }])
    expect(held.stored).toEqual([gz])
    const plain = await imported(opened(gz), {}, { layout: 'classic', staging })
    expect(plain.image.layers).toMatchObject([{ diffID: digest(ROOTFS), digest: digest(ROOTFS), compression: 'none' }])
    expect(staging.stored).toEqual([ROOTFS])
  })

  test('what is no tar, is cut, or is damaged is refused', async () => {
    const hello = new TextEncoder().encode('hello'.repeat(300))
    await expect(imported(opened(hello))).rejects.toMatchObject({ code: 'ERR_NOT_ARCHIVE' })
    await expect(imported(opened(ROOTFS.subarray(0, 513)))).rejects.toMatchObject({ code: 'ERR_NOT_ARCHIVE' })
    await expect(imported(opened(new Uint8Array(0)))).rejects.toMatchObject({ code: 'ERR_NOT_ARCHIVE' })
    const gz = new Uint8Array(gzipSync(ROOTFS)).subarray(0, -20)
    await expect(imported(opened(gz))).rejects.toMatchObject({ code: 'ERR_COMPRESSION' })
    await expect(imported(opened(ROOTFS), { names: ['Upper'] })).rejects.toMatchObject({ code: 'ERR_REFERENCE' })
  })

  test('an image archive is no root filesystem, unless the user says so', async () => {
    for (const archive of [packed(dockerSave(PLAIN)), packed(ociLayout(PLAIN))]) {
      await expect(imported(opened(archive))).rejects.toMatchObject({ code: 'ERR_NOT_ARCHIVE' })
      const { image } = await imported(opened(archive), {}, { isCertain: true })
      expect(image.layers).toMatchObject([{ diffID: digest(archive) }])
    }
  })

  test.each(['sha256:HEX', 'HEX.tar.gz'])('nor is one with %s, as crane, kaniko and jib write them', async (blob) => {
    const archive = layerTar([{ path: blob.replace('HEX', 'ab'.repeat(32)) }, { path: 'manifest.json' }])
    await expect(imported(opened(archive))).rejects.toMatchObject({ code: 'ERR_NOT_ARCHIVE' })
  })

  test('what docker load would refuse is told', async () => {
    const twice = layerTar([{ path: 'a' }, { path: 'a' }])
    const { findings } = await imported(opened(twice))
    expect(findings.map(({ code }) => code)).toEqual(['ENTRY_DUPLICATE'])
  })
})

test('a config comes over from an image or docker inspect, without what belonged to one container', () => {
  const config = {
    Hostname: 'abc',
    Image: 'sha256:1',
    Env: ['A=1'],
    Cmd: null,
    Labels: { a: 'b' },
    ExposedPorts: { '80/tcp': {} },
    Healthcheck: { Test: ['NONE'] },
    StopTimeout: 5,
  }
  const kept = {
    Env: ['A=1'],
    Labels: { a: 'b' },
    ExposedPorts: { '80/tcp': {} },
    Healthcheck: { Test: ['NONE'] },
    StopTimeout: 5,
  }
  expect(configBefore({ config, architecture: 'arm', variant: 'v7', os: 'linux' }, 'x')).toEqual({
    config: kept,
    architecture: 'arm',
    variant: 'v7',
    os: 'linux',
  })
  expect(configInspected([{ Config: config, Architecture: 'amd64', Os: 'linux', Variant: '' }], 'x')).toEqual({
    config: kept,
    architecture: 'amd64',
    os: 'linux',
  })
  expect(() => configInspected([], 'x')).toThrow(expect.objectContaining({ code: 'ERR_DOCUMENT' }))
  const two = [{ Config: config }, { Config: config }]
  expect(() => configInspected(two, 'x')).toThrow(expect.objectContaining({ code: 'ERR_REFERENCE' }))
  expect(() => configBefore({ config: { Env: 'A=1' } }, 'x')).toThrow(expect.objectContaining({ code: 'ERR_DOCUMENT' }))
})

test('the config is taken from what skopeo and podman say as well', () => {
  const healthcheck = { Test: ['CMD', '/ok'], Retries: 3 }
  const platform = { architecture: 'amd64', os: 'linux' }
  const rootfs = { type: 'layers', diff_ids: [] }
  expect(configInspected({ ...platform, config: { Cmd: ['/a'] }, rootfs }, 'x')).toEqual({
    config: { Cmd: ['/a'] },
    ...platform,
  })
  expect(configInspected({ ...platform, rootfs }, 'x')).toEqual({ config: {}, ...platform })
  const image = { Architecture: 'amd64', Os: 'linux', Config: { Cmd: ['/a'] }, Healthcheck: healthcheck }
  expect(configInspected([image], 'x').config).toEqual({ Cmd: ['/a'], Healthcheck: healthcheck })
  const container = {
    Env: ['A=1', 'container=podman'],
    Healthcheck: healthcheck,
    StopSignal: 'SIGTERM',
    StopTimeout: 10,
    Umask: '0022',
    CreateCommand: ['podman', 'create'],
    sdNotifyMode: 'container',
  }
  expect(configInspected([{ Config: container }], 'x').config).toEqual({
    Env: ['A=1'],
    Healthcheck: healthcheck,
    StopSignal: 'SIGTERM',
  })
})
