import { ESLint } from 'eslint'
import { fileURLToPath } from 'node:url'
import tseslint from 'typescript-eslint'
import { expect, test } from 'vitest'

const eslint = new ESLint({
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  // The rules that need types would ask for a file that exists.
  overrideConfig: [tseslint.configs.disableTypeChecked, { languageOptions: { parserOptions: { project: null } } }],
})

async function broken(filePath: string, code: string): Promise<(string | null)[]> {
  const [result] = await eslint.lintText(code, { filePath })
  return [...new Set(result?.messages.map((message) => message.ruleId))]
}

const importOf = (path: string) => `import { thing } from '${path}'\nexport const other = thing\n`

test.each([
  ['src/bytes/example.ts', '../tar/entry.js'],
  ['src/tar/example.ts', '../model/image.js'],
  ['src/model/example.ts', '../tree/whiteout.js'],
  ['src/tree/example.ts', '../formats/format.js'],
  ['src/formats/example.ts', '../ops/example.js'],
  ['src/ops/example.ts', '../formats/format.js'],
  ['src/ops/example.ts', '../report/presenter.js'],
  ['src/report/example.ts', '../cli/main.js'],
  ['src/report/example.ts', '../model/report.js'],
  ['src/errors.ts', './bytes/source.js'],
  ['src/index.ts', './cli/main.js'],
])('%s must not import %s', async (file, path) => {
  expect(await broken(file, importOf(path))).toContain('house/boundaries')
  const reexport = `export { thing } from '${path}'\n`
  expect(await broken(file, reexport)).toContain('house/boundaries')
  const later = `export const thing = () => import('${path}')\n`
  expect(await broken(file, later)).toContain('house/boundaries')
})

test.each([
  ['src/tar/example.ts', '../bytes/source.js'],
  ['src/bytes/example.ts', '../errors.js'],
  ['src/model/example.ts', '../context.js'],
  ['src/formats/example.ts', '../tree/whiteout.js'],
  ['src/cli/commands/example.ts', '../../formats/format.js'],
  ['src/index.ts', './model/image.js'],
])('%s may import %s', async (file, path) => {
  expect(await broken(file, importOf(path))).toEqual([])
})

test('report takes the types of model, and nothing else of it', async () => {
  const types = "import type { Thing } from '../model/report.js'\nexport type Other = Thing\n"
  expect(await broken('src/report/example.ts', types)).toEqual([])
})

test('an import that closes a circle is found', async () => {
  // chain-id.ts imports digest.ts
  expect(await broken('src/bytes/digest.ts', importOf('../model/chain-id.js'))).toContain('house/cycles')
  expect(await broken('src/model/example.ts', importOf('./chain-id.js'))).toEqual([])
})

test.each([
  ['process', 'export const args = process.argv\n', 'no-restricted-globals'],
  ['node:process', importOf('node:process'), 'no-restricted-imports'],
  ['Buffer', 'export const bytes = Buffer.alloc(1)\n', 'no-restricted-globals'],
  ['node:buffer', importOf('node:buffer'), 'no-restricted-imports'],
  ['the console', "console.log('x')\n", 'no-console'],
  ['any', 'export const thing: any = 1\n', '@typescript-eslint/no-explicit-any'],
  ['a non-null assertion', 'export const first = (x: number[]) => x[0]!\n', '@typescript-eslint/no-non-null-assertion'],
  ['more than 300 lines', '\n'.repeat(301), 'max-lines'],
])('%s has no place in src', async (_, code, rule) => {
  expect(await broken('src/model/example.ts', code)).toContain(rule)
  const silenced = `/* eslint-disable */\n${code}`
  expect(await broken('src/model/example.ts', silenced)).toContain(rule)
})

test('only cli asks the process and writes to the console', async () => {
  expect(await broken('src/cli/example.ts', "console.log(process.argv, 'x')\n")).toEqual([])
})
