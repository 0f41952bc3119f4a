import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { holdDirectory, type HeldDirectory } from '../../src/bytes/held-directory.js'

let folder: string
let root: HeldDirectory

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'imgtar-held-'))
  mkdirSync(join(folder, 'root'))
  mkdirSync(join(folder, 'outside'))
  root = holdDirectory(join(folder, 'root'))
})
afterEach(() => {
  root.close()
  rmSync(folder, { recursive: true, force: true })
})

const text = (held: HeldDirectory, name: string, content: string) => {
  const file = held.makeFile(name)
  file.write(new TextEncoder().encode(content))
  file.finish({ mode: 0o640, mtimeNs: 1_500_000_000_250_000_000n })
}

test('files, directories and links get content, mode and time', () => {
  const directory = root.makeDirectory('d')
  text(directory, 'f', 'content')
  directory.makeSymlink('s', '../nowhere', { mtimeNs: 5_000_000_000n })
  root.makeLink('hard', directory, 'f')
  directory.finish({ mode: 0o1750, mtimeNs: -2_000_000_000n })
  expect(readFileSync(join(folder, 'root/hard'), 'utf8')).toBe('content')
  expect(lstatSync(join(folder, 'root/d/f'))).toMatchObject({ mode: 0o100640, mtimeMs: 1_500_000_000_250, nlink: 2 })
  expect(readlinkSync(join(folder, 'root/d/s'))).toBe('../nowhere')
  expect(lstatSync(join(folder, 'root/d/s')).mtimeMs).toBe(5000)
  expect(lstatSync(join(folder, 'root/d'))).toMatchObject({ mode: 0o41750, mtimeMs: -2000 })
})

test('times are right to the microsecond', () => {
  for (let at = 0n; at < 500n; at++) {
    const mtimeNs = (1_600_000_000n + at * 7919n) * 1_000_000_000n + ((at * 48_271n) % 1_000_000n) * 1000n
    root.makeSymlink(`s${String(at)}`, 'x', { mtimeNs })
    expect(lstatSync(join(folder, `root/s${String(at)}`), { bigint: true }).mtimeNs / 1000n).toBe(mtimeNs / 1000n)
  }
})

test('names are bytes', () => {
  text(root, 'gr\xfc\xdfe', '')
  const [name] = readdirSync(join(folder, 'root'), { encoding: 'buffer' })
  expect(name?.toString('latin1')).toBe('gr\xfc\xdfe')
})

test('a directory that becomes a link to elsewhere is not followed', () => {
  const directory = root.makeDirectory('d')
  renameSync(join(folder, 'root/d'), join(folder, 'root/was-d'))
  symlinkSync(join(folder, 'outside'), join(folder, 'root/d'))
  text(directory, 'f', 'content')
  directory.makeDirectory('sub').close()
  directory.makeSymlink('s', 'x', {})
  directory.finish({ mode: 0o777 })
  expect(readdirSync(join(folder, 'outside'))).toEqual([])
  expect(lstatSync(join(folder, 'outside')).mode & 0o777).not.toBe(0o777)
  expect(readdirSync(join(folder, 'root/was-d'))).toEqual(['f', 's', 'sub'])
})

test('a link in the place of a directory is not entered', () => {
  symlinkSync(join(folder, 'outside'), join(folder, 'root/d'))
  expect(() => root.enter('d')).toThrow(/ELOOP|ENOTDIR/)
  expect(() => holdDirectory(join(folder, 'root/d'))).toThrow(/ELOOP|ENOTDIR/)
})

test('what stands in the way is neither followed nor overwritten', () => {
  symlinkSync(join(folder, 'outside/f'), join(folder, 'root/f'))
  expect(() => root.makeFile('f')).toThrow(/EEXIST/)
  expect(() => root.makeDirectory('f')).toThrow(/EEXIST/)
  expect(() => root.makeSymlink('f', 'x', {})).toThrow(/EEXIST/)
  expect(readdirSync(join(folder, 'outside'))).toEqual([])
})
