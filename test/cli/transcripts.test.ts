import { writeFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { testFolder } from '../support/folder.js'
import { layerTar } from '../support/layers.js'
import { dockerArchive, layerOf } from './images.js'
import type { FixtureImage } from './images.js'
import { transcript } from './run.js'

const base = {
  createdBy: '/bin/sh -c #(nop) ADD file:0123456789abcdef0123456789abcdef in / ',
  entries: [
    { path: 'bin/', type: 'directory', mode: 0o755 },
    { path: 'bin/app', content: '#!/bin/sh\necho hello\n', mode: 0o4755 },
    { path: 'bin/again', type: 'hardlink', linkPath: 'bin/app', mode: 0o4755 },
    { path: 'bin/link', type: 'symlink', linkPath: 'app', mode: 0o777 },
    { path: 'dev/', type: 'directory', mode: 0o755 },
    { path: 'dev/null', type: 'char', device: [1, 3], mode: 0o666 },
    { path: 'tmp/', type: 'directory', mode: 0o1777 },
    { path: 'tmp/old', content: 'old' },
  ],
} as const
const top = {
  createdBy: 'RUN rm /tmp/old && echo new >/tmp/new # buildkit',
  entries: [
    { path: 'tmp/', type: 'directory', mode: 0o1777 },
    { path: 'tmp/.wh.old', content: '' },
    { path: 'tmp/new', content: 'new\n', uid: 1000660000, gid: 7 },
  ],
} as const
const web: FixtureImage = { names: ['example/web:1', 'registry.example:5000/web:stable'], layers: [base, top] }
const db: FixtureImage = {
  names: ['db:2'],
  created: '2021-11-07T00:00:00Z',
  layers: [base, layerOf('etc/db.conf', 'on\n')],
}
const nameless: FixtureImage = { names: [], layers: [layerOf('a', 'a')] }
const zeros = `sha256:${'0'.repeat(64)}`

const FILES: Readonly<Record<string, Uint8Array>> = {
  'web.tar': dockerArchive(web),
  'web.tar.gz': new Uint8Array(gzipSync(dockerArchive(web))),
  'bundle.tar': dockerArchive(web, db, nameless),
  'damaged.tar': dockerArchive({ ...web, layers: [{ ...base, claimed: zeros }, top] }),
  'cut.tar': dockerArchive(web).subarray(0, 4000),
  'hostile.tar': dockerArchive({ ...web, layers: [layerOf('\u001b[2J\n\u00ff/x', 'x')] }),
  'twice.tar': dockerArchive({
    ...web,
    layers: [{ ...base, entries: [...base.entries, ...base.entries.slice(1, 2)] }, top],
  }),
  'rootfs.tar': layerTar(base.entries),
  'noise.tar': new Uint8Array(5000).fill(0x61),
  '-dash.tar': dockerArchive(nameless),
}

const at = testFolder()
beforeAll(async () => {
  for (const [name, bytes] of Object.entries(FILES)) await writeFile(at(name), bytes)
})

describe('verify', () => {
  test.each([
    'verify web.tar',
    'verify web.tar.gz bundle.tar rootfs.tar',
    'verify damaged.tar',
    'verify cut.tar',
    'verify twice.tar',
    'verify hostile.tar',
    'verify missing.tar web.tar noise.tar damaged.tar',
    'verify bundle.tar:db:2',
    'verify -q damaged.tar',
    'verify --color=always damaged.tar',
    'verify --json damaged.tar missing.tar',
    'verify -- -dash.tar',
  ])('%s', async (line) => {
    expect(await transcript(line, { cwd: at() })).toMatchSnapshot()
  })

  test('a pipe', async () => {
    expect(await transcript('verify -', { cwd: at(), stdin: FILES['web.tar'] ?? new Uint8Array() })).toMatchSnapshot()
  })

  test('a pipe that breaks off', async () => {
    expect(await transcript('verify -', { cwd: at(), stdin: FILES['cut.tar'] ?? new Uint8Array() })).toMatchSnapshot()
  })
})

describe('inspect', () => {
  test.each(['inspect web.tar', 'inspect --measure damaged.tar', 'inspect bundle.tar:@2', 'inspect --json web.tar'])(
    '%s',
    async (line) => {
      expect(await transcript(line, { cwd: at() })).toMatchSnapshot()
    },
  )
})

describe('images', () => {
  test.each([
    'images web.tar bundle.tar rootfs.tar',
    'images --no-trunc web.tar',
    'images web.tar missing.tar',
    'images cut.tar',
    'images --json bundle.tar:@2',
  ])('%s', async (line) => {
    expect(await transcript(line, { cwd: at() })).toMatchSnapshot()
  })
})

describe('history', () => {
  test.each(['history web.tar', 'history --no-trunc bundle.tar:db:2', 'history bundle.tar', 'history --json web.tar'])(
    '%s',
    async (line) => {
      expect(await transcript(line, { cwd: at() })).toMatchSnapshot()
    },
  )
})

describe('ls', () => {
  test.each([
    'ls web.tar',
    'ls web.tar /bin',
    'ls web.tar --layer 1',
    'ls web.tar --layer 7',
    'ls web.tar --all-layers /tmp/',
    'ls web.tar nowhere',
    'ls hostile.tar',
    'ls rootfs.tar /dev',
    'ls bundle.tar',
    'ls --json web.tar /tmp',
    'ls web.tar --layer 1 --all-layers',
  ])('%s', async (line) => {
    expect(await transcript(line, { cwd: at() })).toMatchSnapshot()
  })
})

describe('help and bad usage', () => {
  test.each([
    '',
    '--help',
    '--version --json',
    'verify --help',
    'help inspect',
    'help images',
    'help history',
    'help ls',
    'help completion',
    'help DIFFID_MISMATCH',
    'help ERR_TRUNCATED',
    'help nonsense',
    'help diffid_mismatch',
    'help DIFFID_MISMATHC',
    'help tar',
    'verfy',
    '--jobs 2 histroy web.tar',
    'verify --jsn web.tar',
    'verify -z web.tar',
    'verify --baseline web.tar web.tar',
    'verify --policy . web.tar',
    'verify --assume missing.tar web.tar',
    'save web.tar --layout classic -o oci:out',
    'save web.tar -o .',
    'history docker-daemon:web:1',
    'history web:1',
    'history wbe.tar:web:1',
    'verify',
    'verify --nonsense web.tar',
    'verify web.tar --jobs many',
    'verify web.tar --limit-json 0',
    'verify web.tar --color red',
    'verify web.tar --platform linux',
    'verify web.tar --platform linux/amd64 --platform linux/arm64',
    'verify web.tar --platform',
    'history web.tar bundle.tar',
    'completion csh',
  ])('imgtar %s', async (line) => {
    expect((await transcript(line, { cwd: at() })).replace(/^\d+\.\d+\.\d+\S*$/m, 'VERSION')).toMatchSnapshot()
  })
})

describe('limits', () => {
  test.each(['verify --limit-json 100 web.tar', 'verify --limit-entries 2 web.tar', 'ls --limit-depth 1 web.tar'])(
    '%s',
    async (line) => {
      expect(await transcript(line, { cwd: at() })).toMatchSnapshot()
    },
  )
})
