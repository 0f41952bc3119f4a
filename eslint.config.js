import { readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

const root = dirname(fileURLToPath(import.meta.url))
const src = join(root, 'src')

// bytes <- tar <- model <- tree <- { formats, ops } <- report <- cli: a folder imports only from those to its left.
const MAY_IMPORT = {
  bytes: [],
  tar: ['bytes'],
  model: ['bytes', 'tar'],
  tree: ['bytes', 'tar', 'model'],
  formats: ['bytes', 'tar', 'model', 'tree'],
  ops: ['bytes', 'tar', 'model', 'tree'],
  report: ['bytes', 'tar', 'model', 'tree', 'formats', 'ops'],
  cli: ['bytes', 'tar', 'model', 'tree', 'formats', 'ops', 'report', 'index.ts'],
  'index.ts': ['bytes', 'tar', 'model', 'tree', 'formats', 'ops', 'report'],
  'errors.ts': [],
  'findings.ts': [],
  'context.ts': [],
}
const FOR_ALL = ['errors.ts', 'findings.ts', 'context.ts']

/** The room of a file of src: its folder, or its own name where it lies in src itself. */
const roomOf = (file) => relative(src, file).split(sep)[0]

/** The file that a relative import of TypeScript source stands for; undefined for packages. */
const targetOf = (file, specifier) =>
  specifier.startsWith('.') ? join(dirname(file), specifier).replace(/\.js$/, '.ts') : undefined

/** Reports the source of each import and re-export, static and dynamic. */
const onImports = (visit) => {
  const look = (node) => {
    if (typeof node.source?.value === 'string') visit(node.source, node)
  }
  return { ImportDeclaration: look, ExportNamedDeclaration: look, ExportAllDeclaration: look, ImportExpression: look }
}

const boundaries = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const from = roomOf(context.filename)
    return onImports((source, node) => {
      const target = targetOf(context.filename, source.value)
      const to = target === undefined ? from : roomOf(target)
      if (to === from || FOR_ALL.includes(to)) {
        // A report is data: what prints it needs the types of the model, none of its code.
      } else if (!(MAY_IMPORT[from] ?? []).includes(to)) {
        context.report({ node: source, message: `${from} must not import from ${to} (docs/architecture.md)` })
      } else if (from === 'report' && to === 'model' && node.importKind !== 'type') {
        context.report({ node: source, message: 'report takes only types from model: use `import type`' })
      }
    })
  },
}

// Read once for a whole run: the graph of all files of src that were reached so far.
const edges = new Map()
const importsOf = (file) => {
  if (!edges.has(file)) edges.set(file, readImports(file))
  return edges.get(file)
}
const readImports = (file) => {
  try {
    const specifiers = readFileSync(file, 'utf8').matchAll(/(?:\bfrom|\bimport\(?)\s*'(\.[^']*)'/g)
    return [...specifiers].map((match) => targetOf(file, match[1]))
  } catch {
    return [] // does not exist: tsc says so
  }
}
const wayBack = (file, goal, seen = new Set()) => {
  if (file === goal) return true
  if (seen.has(file)) return false
  seen.add(file)
  return importsOf(file).some((next) => wayBack(next, goal, seen))
}

const cycles = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    return onImports((source) => {
      const target = targetOf(context.filename, source.value)
      if (target !== undefined && wayBack(target, context.filename)) {
        context.report({ node: source, message: 'this import closes a circle' })
      }
    })
  },
}

const BUFFER = { name: 'Buffer', message: 'Uint8Array travels: slices of a Buffer alias.' }
const PROCESS = { name: 'process', message: 'What the process knows comes in through RunContext; only cli/ asks it.' }
const noBuffer = { group: ['node:buffer', 'buffer'], message: BUFFER.message }
const noProcess = { group: ['node:process', 'process'], message: PROCESS.message }

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', 'bench/work/', 'samples/*/']),
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  { rules: { 'max-lines': ['error', { max: 300, skipBlankLines: false }], eqeqeq: 'error', 'prefer-const': 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: 'test/tsconfig.json', tsconfigRootDir: root } },
    rules: {
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    files: ['src/**/*.ts'],
    plugins: { house: { rules: { boundaries, cycles } } },
    rules: {
      'house/boundaries': 'error',
      'house/cycles': 'error',
      'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      'no-restricted-globals': ['error', BUFFER, PROCESS],
      'no-restricted-imports': ['error', { patterns: [noBuffer, noProcess] }],
    },
  },
  {
    files: ['src/cli/**/*.ts'],
    rules: {
      'no-console': 'off',
      'no-restricted-globals': ['error', BUFFER],
      'no-restricted-imports': ['error', { patterns: [noBuffer] }],
    },
  },
  {
    // Node decodes base64 many times quicker than JavaScript; no Buffer leaves the file.
    files: ['src/bytes/base64.ts'],
    rules: { 'no-restricted-globals': ['error', PROCESS] },
  },
  {
    // expect.any() and its kin are typed `any`.
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-unsafe-assignment': 'off' },
  },
)
