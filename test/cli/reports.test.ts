import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { dockerSave, packed } from '../support/archives.js'
import { testFolder } from '../support/folder.js'
import { layerTar } from '../support/layers.js'
import { run } from './run.js'

const imageOf = (content: string) =>
  packed(dockerSave({ names: ['a:1'], layers: [layerTar([{ path: 'etc/name', content }])] }))

const at = testFolder({ 'a.tar': imageOf('1'), 'b.tar': imageOf('2') })
const go = (line: string) => run(line.split(' '), { cwd: at() })
const read = (name: string) => readFile(at(name), 'utf8')

describe('a page', () => {
  test('of a diff goes into a file, and the text to standard output; the exit code is that of the diff', async () => {
    const { exitCode, stdout } = await go('diff a.tar b.tar --report html=diff.html')
    expect(stdout).toMatch(/^a.tar \(a:1\) and b.tar \(a:1\) differ/)
    expect(exitCode).toBe(1)
    expect(await read('diff.html')).toMatch(/^<!doctype html>\n[^]*\/etc\/name[^]*<\/html>\n$/)
  })

  test('goes to standard output where no file is named', async () => {
    for (const line of ['verify a.tar', 'efficiency a.tar', 'diff a.tar a.tar']) {
      const { exitCode, stdout, stderr } = await go(`${line} --report html`)
      expect(stdout).toMatch(/^<!doctype html>\n[^]*<\/html>\n$/)
      expect([exitCode, stderr]).toEqual([0, ''])
    }
  })

  test('does not replace either side of a diff', async () => {
    expect(await go('diff a.tar b.tar --report html=b.tar')).toMatchObject({ exitCode: 2, stdout: '' })
    expect(await readFile(at('b.tar'))).toEqual(Buffer.from(imageOf('2')))
  })
})

test('a diff has its Markdown as a report, too', async () => {
  const { stdout } = await go('diff a.tar b.tar --markdown')
  await go('diff a.tar b.tar --report markdown=diff.md')
  expect(await read('diff.md')).toBe(stdout)
})

test.each(['diff a.tar b.tar --report junit', 'efficiency a.tar --report sarif'])(
  'a kind that a command does not have is refused, with those that it has: %s',
  async (line) => {
    const { exitCode, stderr } = await go(line)
    expect(stderr).toMatch(/--report is one of text, json, (markdown, )?html, not '(junit|sarif)'/)
    expect(exitCode).toBe(2)
  },
)
