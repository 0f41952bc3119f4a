import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, symlinkSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { holdDirectory, type HeldDirectory } from '../../src/bytes/held-directory.js'
import { freshFolder } from '../support/folder.js'

const inFolder = freshFolder()
let root: HeldDirectory

beforeEach(() => {
  mkdirSync(inFolder('root'))
  mkdirSync(inFolder('outside'))
  root = holdDirectory(inFolder('root'))
})
afterEach(() => {
  root.close()
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
  expect(readFileSync(inFolder('root/hard'), 'utf8')).toBe('content')
  expect(lstatSync(inFolder('root/d/f'))).toMatchObject({ mode: 0o100640, mtimeMs: 1_500_000_000_250, nlink: 2 })
  expect(readlinkSync(inFolder('root/d/s'))).toBe('../nowhere')
  expect(lstatSync(inFolder('root/d/s')).mtimeMs).toBe(5000)
  expect(lstatSync(inFolder('root/d'))).toMatchObject({ mode: 0o41750, mtimeMs: -2000 })
})

test('times are right to the microsecond', () => {
  for (let at = 0n; at < 500n; at++) {
    const mtimeNs = (1_600_000_000n + at * 7919n) * 1_000_000_000n + ((at * 48_271n) % 1_000_000n) * 1000n
    root.makeSymlink(`s${String(at)}`, 'x', { mtimeNs })
    expect(lstatSync(inFolder(`root/s${String(at)}`), { bigint: true }).mtimeNs / 1000n).toBe(mtimeNs / 1000n)
  }
})

test('names are bytes', () => {
  text(root, 'gr\xfc\xdfe', '')
  const [name] = readdirSync(inFolder('root'), { encoding: 'buffer' })
  expect(name?.toString('latin1')).toBe('gr\xfc\xdfe')
})

test('a directory that becomes a link to elsewhere is not followed', () => {
  const directory = root.makeDirectory('d')
  renameSync(inFolder('root/d'), inFolder('root/was-d'))
  symlinkSync(inFolder('outside'), inFolder('root/d'))
  text(directory, 'f', 'content')
  directory.makeDirectory('sub').close()
  directory.makeSymlink('s', 'x', {})
  directory.finish({ mode: 0o777 })
  expect(readdirSync(inFolder('outside'))).toEqual([])
  expect(lstatSync(inFolder('outside')).mode & 0o777).not.toBe(0o777)
  expect(readdirSync(inFolder('root/was-d'))).toEqual(['f', 's', 'sub'])
})

test('a link in the place of a directory is not entered', () => {
  symlinkSync(inFolder('outside'), inFolder('root/d'))
  expect(() => root.enter('d')).toThrow(/ELOOP|ENOTDIR/)
  expect(() => holdDirectory(inFolder('root/d'))).toThrow(/ELOOP|ENOTDIR/)
})

test('what stands in the way is neither followed nor overwritten', () => {
  symlinkSync(inFolder('outside/f'), inFolder('root/f'))
  expect(() => root.makeFile('f')).toThrow(/EEXIST/)
  expect(() => root.makeDirectory('f')).toThrow(/EEXIST/)
  expect(() => root.makeSymlink('f', 'x', {})).toThrow(/EEXIST/)
  expect(readdirSync(inFolder('outside'))).toEqual([])
})
