import { existsSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { beforeEach, describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../src/context.js'
import type { SplitFault } from '../../src/tar/split-assemble.js'
import { assembledTar, checkAssembly, exactTar, type SplitAssembly } from '../../src/tar/split-assembly.js'
import { splitLines } from '../../src/tar/split-write.js'
import { concatenated } from '../support/chunks.js'
import { sidecarOf } from '../support/data-root.js'
import { freshFolder } from '../support/folder.js'
import { member, pax, tarOf } from '../support/tar-blocks.js'
import { SPLIT_LAYER } from '../support/tar-members.js'

const inFolder = freshFolder()
beforeEach(() => {
  mkdirSync(inFolder('files'))
})

const text = (bytes: Uint8Array) => new TextDecoder('latin1').decode(bytes)

function takenApart(tar: Uint8Array): SplitAssembly {
  return kept(sidecarOf(tar, inFolder('files')))
}

function kept(sidecar: Uint8Array): SplitAssembly {
  const file = inFolder('tar-split.json')
  writeFileSync(file, sidecar)
  return {
    location: 'sidecar',
    sidecar: { file, offset: 0, size: sidecar.length },
    files: { kind: 'directory', directory: inFolder('files'), base: '' },
  }
}

/** A sidecar of files alone, whose checksums nobody asks for. */
function lines(...files: readonly { readonly name: string; readonly size: number }[]): Uint8Array {
  const entries = files.map((file, position) => ({ type: 1, ...file, payload: 'AAAAAAAAAAA=', position }))
  return new TextEncoder().encode(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
}

async function together(assembly: SplitAssembly): Promise<{ tar: Uint8Array; faults: SplitFault[] }> {
  const faults: SplitFault[] = []
  const onFault = (fault: SplitFault) => void faults.push(fault)
  const parts: Uint8Array[] = []
  const options = { limits: DEFAULT_LIMITS, onFault, checkContents: true }
  for await (const chunk of assembledTar(assembly, options)) parts.push(chunk.slice())
  return { tar: concatenated(...parts), faults }
}

const problems = (faults: readonly SplitFault[]) => faults.map(({ rawName, problem }) => [text(rawName), problem])

describe('a tar that is taken apart', () => {
  test.each([
    ['with every kind of entry', SPLIT_LAYER],
    ['with nothing in it', tarOf()],
    ['without an end marker', SPLIT_LAYER.subarray(0, SPLIT_LAYER.length - 1024)],
    ['with bytes behind its end', concatenated(SPLIT_LAYER, new Uint8Array(9000), new TextEncoder().encode('garbage'))],
    ['with PAX headers', tarOf(pax([['path', 'ünïcode']]), member({ name: 'u' }, '12345678'))],
    ['with a global header', tarOf(pax([['comment', 'x']], 'g'), member({ name: 'a' }, 'a'))],
    [
      'with a link that claims a size',
      tarOf(member({ name: 'l', type: '2', link: 'x', size: 700 }), member({ name: 'z' }, 'z')),
    ],
  ])('%s comes together again byte by byte', async (_, tar) => {
    const { tar: again, faults } = await together(takenApart(tar))
    expect(faults).toEqual([])
    expect(text(again)).toBe(text(tar))
  })

  test('keeps a sparse file whole in the sidecar, whose map would be lost otherwise', async () => {
    const sparse = tarOf(
      pax([
        ['GNU.sparse.map', '0,3,997,3'],
        ['GNU.sparse.numblocks', '2'],
        ['GNU.sparse.size', '1000'],
        ['GNU.sparse.name', 's'],
      ]),
      member({ name: 'GNUSparseFile.0/s' }, 'abcdef'),
    )
    const assembly = takenApart(sparse)
    expect(readdirSync(inFolder('files'))).toEqual([])
    expect(text((await together(assembly)).tar)).toBe(text(sparse))
  })

  test('has the lines that docker writes', () => {
    const lines = text(sidecarOf(tarOf(member({ name: '<a>' }, 'A'), member({ name: 'b\xff' })))).split('\n')
    expect(lines[1]).toBe('{"type":1,"name":"\\u003ca\\u003e","size":1,"payload":"AiAAAAAAAAA=","position":1}')
    expect(lines[3]).toBe('{"type":1,"name_raw":"Yv8=","payload":null,"position":3}')
    expect(lines[4]).toMatch(/^\{"type":2,"payload":"[A]+=*","position":4\}$/)
  })

  test('is refused where a path stands in it twice, as docker refuses it', () => {
    const twice = tarOf(member({ name: 'a' }, '1'), member({ name: './a' }, '2'))
    expect(() => sidecarOf(twice)).toThrow(expect.objectContaining({ code: 'ERR_DOCUMENT', offset: 1024 }))
  })

  test('writes no file outside the directory', () => {
    const climbing = tarOf(member({ name: '../out' }, 'x'))
    expect(() => sidecarOf(climbing, inFolder('files'))).toThrow(expect.objectContaining({ code: 'ERR_UNSAFE_PATH' }))
    expect(readdirSync(inFolder())).toEqual(['files'])
  })
})

describe('files that are not as they were', () => {
  test('are all told at once, and the tar keeps its shape', async () => {
    const assembly = takenApart(
      tarOf(...['same', 'flipped', 'gone', 'short', 'long', 'dir'].map((name) => member({ name }, 'content'))),
    )
    const file = (name: string) => inFolder('files', name)
    writeFileSync(file('flipped'), 'cOntent')
    writeFileSync(file('short'), 'con')
    writeFileSync(file('long'), 'content and more')
    for (const name of ['gone', 'dir']) rmSync(file(name))
    mkdirSync(file('dir'))
    const { tar, faults } = await together(assembly)
    expect(problems(faults)).toEqual([
      ['flipped', 'content'],
      ['gone', 'missing'],
      ['short', 'size'],
      ['long', 'size'],
      ['dir', 'not-a-file'],
    ])
    expect(tar.length).toBe(6 * 1024 + 1024)
    const checked: SplitFault[] = []
    const onFault = (fault: SplitFault) => void checked.push(fault)
    await checkAssembly(assembly, { limits: DEFAULT_LIMITS, onFault })
    expect(problems(checked)).toEqual(problems(faults))
    expect(checked[0]).toMatchObject({ size: 7, actualSize: 7, crc: faults[0]?.crc, actualCrc: faults[0]?.actualCrc })
  })

  test('are told at once where exabytes are missing, and none are filled up for a tar that nobody will have', async () => {
    const sidecar = lines({ name: 'a', size: 2 ** 50 }, { name: 'b', size: 2 ** 50 })
    const checked: SplitFault[] = []
    const context = { limits: DEFAULT_LIMITS, onFault: (fault: SplitFault) => void checked.push(fault) }
    expect(await checkAssembly(kept(sidecar), context)).toEqual({ files: 2, bytes: 0 })
    let bytes = 0
    const tar = assembledTar(kept(sidecar), { ...context, checkContents: true, missing: 'nothing' })
    for await (const chunk of tar) bytes += chunk.length
    expect(bytes).toBe(0)
    expect(problems(checked)).toEqual([
      ['a', 'missing'],
      ['b', 'missing'],
      ['a', 'missing'],
      ['b', 'missing'],
    ])
  })

  test('are filled up with zeros only as far as all of them together may need', async () => {
    const sidecar = kept(lines({ name: 'a', size: 1 }, { name: 'b', size: 2 ** 36 }))
    await expect(together(sidecar)).rejects.toMatchObject({ code: 'ERR_LIMIT' })
  })

  test('stop who must have the original', async () => {
    const assembly = takenApart(tarOf(member({ name: 'a' }, 'content')))
    writeFileSync(inFolder('files/a'), 'cOntent')
    const reading = async () => {
      for await (const chunk of exactTar(assembly, { limits: DEFAULT_LIMITS, checkContents: true }))
        expect(chunk).toBeDefined()
    }
    await expect(reading()).rejects.toMatchObject({ code: 'ERR_DIGEST' })
  })
})

describe.skipIf(!existsSync('/proc/self/fd'))('no file stays open', () => {
  const LARGE = tarOf(member({ name: 'a' }, 'a'.repeat(3_000_000)))
  const openBelow = () =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(inFolder())
      } catch {
        return false // that of the listing itself
      }
    })

  test('where the reader leaves in the middle of it', async () => {
    const tar = assembledTar(takenApart(LARGE), {
      limits: DEFAULT_LIMITS,
      onFault: () => undefined,
      checkContents: false,
    })
    await tar.next()
    expect(openBelow()).not.toEqual([])
    await tar.return(undefined)
    expect(openBelow()).toEqual([])
  })

  test('where a fault stops it', async () => {
    const assembly = takenApart(LARGE)
    writeFileSync(inFolder('files/a'), 'b'.repeat(3_000_000))
    const tar = exactTar(assembly, { limits: DEFAULT_LIMITS, checkContents: true })
    const reading = async () => {
      while ((await tar.next()).done !== true);
    }
    await expect(reading()).rejects.toMatchObject({ code: 'ERR_DIGEST' })
    expect(openBelow()).toEqual([])
  })
})

describe('the look-up of a file', () => {
  const lookedUp = async (name: string): Promise<unknown> => {
    const line = splitLines()
    const { faults } = await together(kept(line({ kind: 'file', name, size: 7, crc: 'ffffffffffffffff' })))
    return problems(faults)[0]?.[1]
  }

  test('follows symlinks to directories within the layer, absolute ones from its root', async () => {
    mkdirSync(inFolder('files/real'))
    writeFileSync(inFolder('files/real/f'), 'content')
    symlinkSync('real', inFolder('files/relative'))
    symlinkSync('/real', inFolder('files/absolute'))
    for (const way of ['relative', 'absolute', 'real', '/real', './real'])
      expect(await lookedUp(`${way}/f`)).toBe('content')
  })

  test('never leaves the layer', async () => {
    writeFileSync(inFolder('secret'), 'content')
    symlinkSync(inFolder(), inFolder('files/up'))
    symlinkSync('../..', inFolder('files/climb'))
    symlinkSync('../secret', inFolder('files/file'))
    symlinkSync('loop', inFolder('files/loop'))
    expect(await lookedUp('../secret')).toBe('unsafe')
    expect(await lookedUp('up/secret')).toBe('missing')
    expect(await lookedUp('climb/secret')).toBe('missing')
    expect(await lookedUp('file')).toBe('not-a-file')
    expect(await lookedUp('loop/f')).toBe('missing')
  })
})
