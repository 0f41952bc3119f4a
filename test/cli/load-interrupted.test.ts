import { createHash } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { dockerSave, packed } from '../support/archives.js'
import { layerTar, type LayerEntry } from '../support/layers.js'
import { run, type Run } from './run.js'

const isRoot = process.getuid?.() === 0
// What is written is brought to the disk, which takes seconds on one that others use too.
const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

// Enough files that to unpack a layer takes a while.
function many(layer: string): Uint8Array {
  const folders: LayerEntry[] = [{ path: layer, type: 'directory', mode: 0o700, uid: 5, gid: 6 }]
  const files = Array.from({ length: 1500 }, (_, at) => ({ path: `${layer}/${at}`, content: `${layer} ${at}` }))
  return layerTar([...folders, ...files, { path: 'first/.wh.1' }])
}

const [FIRST, SECOND, THIRD] = [many('first'), many('second'), many('third')]
const THERE = packed(dockerSave({ names: ['there:1'], layers: [FIRST] }))
const NEW = packed(dockerSave({ names: ['new:1', 'there:1'], layers: [FIRST, SECOND, THIRD] }))

let folder = ''
let root = ''
beforeEach(() => {
  folder = mkdtempSync(join(PLACE, 'imgtar-interrupted-'))
  root = join(folder, 'root')
  for (const name of ['root', 'tmp']) mkdirSync(join(folder, name))
  writeFileSync(join(folder, 'there.tar'), THERE)
  writeFileSync(join(folder, 'new.tar'), NEW)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Everything below the root: mode and owner of each path, and the hash of its bytes, its target or its device. */
function everything(): ReadonlyMap<string, string> {
  const all = new Map<string, string>()
  for (const path of readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()) {
    const status = lstatSync(join(root, path))
    const { mode, uid, gid, rdev } = status
    const content = status.isFile()
      ? createHash('sha256')
          .update(readFileSync(join(root, path)))
          .digest('hex')
      : status.isSymbolicLink()
        ? readlinkSync(join(root, path))
        : rdev
    all.set(path, `${mode.toString(8)} ${uid} ${gid} ${content}`)
  }
  return all
}

function names(path: string): readonly string[] {
  try {
    return readdirSync(join(root, path))
  } catch {
    return []
  }
}

/** Processes that have the root on their command line: the tar that unpacks into it. */
function unpackers(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && commandLine(name).includes(`--directory=${root}`))
    .map(Number)
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
  } catch {
    return '' // it has ended
  }
}

interface Moment {
  /** How it is seen that it has come; `before` are the folders of layers that were there. */
  readonly when: (before: readonly string[]) => boolean
  /** Whether the root has an image already. */
  readonly hasImage: boolean
  /** A terminal interrupts all that runs in it. */
  readonly isTerminal?: boolean
  /** Whether so much is left to do that the signal comes in time. */
  readonly isEarly?: true
}

const unpacked = (before: readonly string[], count: number) =>
  names('overlay2').some((name) => {
    const files = join('overlay2', name, 'diff')
    return !before.includes(name) && names(files).some((below) => names(join(files, below)).length > count)
  })
const records = () => names('image/overlay2/layerdb/tmp').length
const isNamed = () => names('image/overlay2').some((name) => name.includes('.imgtar-'))
const seen = () => names('image/overlay2/layerdb/sha256').length

const MOMENTS: Record<string, Moment> = {
  'as it becomes a data-root': { when: () => names('image').length > 0, hasImage: false, isEarly: true },
  'at the first layer of an empty one': { when: () => records() > 0, hasImage: false, isEarly: true },
  'at the first file': { when: (before) => unpacked(before, 0), hasImage: true, isEarly: true },
  'among the files of a layer': { when: (before) => unpacked(before, 500), hasImage: true, isEarly: true },
  'from a terminal': { when: (before) => unpacked(before, 100), hasImage: true, isEarly: true, isTerminal: true },
  'at the second layer': { when: () => records() > 1, hasImage: true, isEarly: true },
  'at the names': { when: isNamed, hasImage: true },
  'as layers come into their places': { when: () => seen() > 1, hasImage: true },
}

async function load(archive: string): Promise<Run> {
  return run(['load', archive, '--into', root], { cwd: folder, environment: { TMPDIR: join(folder, 'tmp') } })
}

async function loadInterrupted(archive: string, { when, isTerminal }: Moment): Promise<Run> {
  const before = names('overlay2')
  return run(['load', archive, '--into', root], {
    cwd: folder,
    environment: { TMPDIR: join(folder, 'tmp') },
    meanwhile(child) {
      child.stdin?.end()
      const watching = setInterval(() => {
        if (!when(before)) return
        clearInterval(watching)
        if (isTerminal === true) for (const pid of unpackers()) process.kill(pid, 'SIGINT')
        child.kill('SIGINT')
      }, 1)
      child.once('close', () => clearInterval(watching))
    },
  })
}

describe.skipIf(!isRoot || !existsSync('/proc/self'))('a data-root whose loading SIGINT interrupts', () => {
  test.each(Object.entries(MOMENTS))('%s', async (_, moment) => {
    if (moment.hasImage) expect(await load('there.tar')).toMatchObject({ exitCode: 0 })
    const before = everything()
    const ended = await loadInterrupted('new.tar', moment)
    expect(unpackers()).toEqual([])
    expect(readdirSync(join(folder, 'tmp'))).toEqual([])
    if (ended.exitCode === 0) {
      // The work was done before the signal was heard: all of it is there.
      expect(moment.isEarly).toBeUndefined()
      expect(seen()).toBe(3)
      expect([...everything().keys()].filter((path) => path.includes('imgtar'))).toEqual([])
    } else {
      expect(ended).toMatchObject({ exitCode: 130, signal: null, stdout: '', stderr: 'imgtar: interrupted\n' })
      expect([...everything()]).toEqual([...before])
      await sleep(20)
      expect(everything().size).toBe(before.size) // nobody goes on
    }
  })
})
