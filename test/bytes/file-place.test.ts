import { chmod, chown, mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { directoryOutput } from '../../src/bytes/output-directory.js'
import { fileOutput } from '../../src/bytes/output.js'
import { freshFolder } from '../support/folder.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const refused = { code: 'ERR_OUTPUT' }

const inFolder = freshFolder()

describe('a file', () => {
  test('behind symlinks that lead to nothing yet comes to where they lead, whole or not at all', async () => {
    await mkdir(inFolder('there'))
    await symlink('there/b.tar', inFolder('a.tar'))
    await symlink(inFolder('there/real.tar'), inFolder('there/b.tar'))
    {
      await using output = await fileOutput(inFolder('a.tar'), { force: false })
      await output.write(bytes('half'))
    }
    expect(await readdir(inFolder('there'))).toEqual(['b.tar'])
    await using output = await fileOutput(inFolder('a.tar'), { force: false })
    await output.write(bytes('new'))
    await output.commit()
    expect(await readFile(inFolder('there/real.tar'), 'utf8')).toBe('new')
    expect(await readlink(inFolder('a.tar'))).toBe('there/b.tar')
  })

  test('cannot be a circle of symlinks, which stays', async () => {
    await symlink('a.tar', inFolder('a.tar'))
    await expect(fileOutput(inFolder('a.tar'), { force: true })).rejects.toMatchObject(refused)
    expect(await readlink(inFolder('a.tar'))).toBe('a.tar')
  })

  test.each([0o600, 0o640, 0o444])('that is replaced keeps its permissions: %o', async (mode) => {
    const path = inFolder('a.tar')
    await writeFile(path, 'secret')
    await chmod(path, mode)
    await using output = await fileOutput(path, { force: true })
    const [beside = ''] = (await readdir(inFolder())).filter((name) => name !== 'a.tar')
    expect((await stat(inFolder(beside))).mode & 0o777 & ~(mode | 0o600)).toBe(0)
    await output.write(bytes('new'))
    await output.commit()
    expect((await stat(path)).mode & 0o777).toBe(mode)
    expect(await readFile(path, 'utf8')).toBe('new')
  })

  test.skipIf(process.getuid?.() !== 0)('that is replaced keeps its owner', async () => {
    const path = inFolder('a.tar')
    await writeFile(path, 'theirs')
    await chown(path, 1234, 4321)
    await using output = await fileOutput(path, { force: true })
    await output.commit()
    expect(await stat(path)).toMatchObject({ uid: 1234, gid: 4321 })
  })

  test.each(['n'.repeat(255), 'é'.repeat(127), '\u{1f4e6}'.repeat(63)])(
    'may have the longest of names',
    async (name) => {
      await using output = await fileOutput(inFolder(name), { force: false })
      await output.commit()
      expect(await readdir(inFolder())).toEqual([name])
    },
  )

  test('is made where the system finds its path, not where the text of it leads', async () => {
    await mkdir(inFolder('far/away'), { recursive: true })
    await symlink('far/away', inFolder('link'))
    await using output = await fileOutput(`${inFolder()}/link/../a.tar`, { force: false })
    expect(await readdir(inFolder('far'))).toHaveLength(2)
    await output.commit()
    expect(await readdir(inFolder('far'))).toEqual(['a.tar', 'away'])
    expect(await readdir(inFolder())).toEqual(['far', 'link'])
  })
})

describe('a directory', () => {
  test('over an empty one keeps its permissions', async () => {
    const path = inFolder('oci')
    await mkdir(path)
    await chmod(path, 0o700)
    await using output = await directoryOutput(path, { force: false })
    await output.commit()
    expect((await stat(path)).mode & 0o777).toBe(0o700)
  })

  test.each(['.', './', '../sub/.'])('is refused at once where nothing can take its place: %s', async (name) => {
    await mkdir(inFolder('empty/sub'), { recursive: true })
    await expect(directoryOutput(`${inFolder()}/empty/sub/${name}`, { force: false })).rejects.toMatchObject({
      ...refused,
      hint: expect.stringContaining('name one that is new') as unknown,
    })
    expect(await readdir(inFolder('empty'))).toEqual(['sub'])
  })
})
