import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { dockerArchive, layerOf } from './cli/images.js'
import { BIN } from './cli/run.js'

const action = z
  .object({
    inputs: z.record(z.string(), z.object({ default: z.string().optional() })),
    runs: z.object({ steps: z.tuple([z.object({ env: z.record(z.string(), z.string()), run: z.string() })]) }),
  })
  .parse(parse(readFileSync(join(import.meta.dirname, '../action.yml'), 'utf8')))
const [step] = action.runs.steps

const cwd = mkdtempSync(join(tmpdir(), 'imgtar-action-'))
afterAll(() => rmSync(cwd, { recursive: true }))
writeFileSync(join(cwd, 'good one.tar'), dockerArchive({ names: ['a:1'], layers: [layerOf('a', 'a')] }))
const claimed = `sha256:${'0'.repeat(64)}`
writeFileSync(join(cwd, '-bad.tar'), dockerArchive({ names: ['b:1'], layers: [{ ...layerOf('a', 'a'), claimed }] }))
writeFileSync(join(cwd, 'imgtar.yaml'), 'config: {user: not-root}\n')

/** Runs the script of the action as the runner does: inputs as variables, bash with -e and pipefail. */
function runAction(given: Readonly<Record<string, string>>) {
  const inputs = { command: `${process.execPath} ${BIN}`, ...given }
  const value = (name: string): string =>
    Object.entries(inputs).find(([key]) => key === name)?.[1] ?? action.inputs[name]?.default ?? ''
  const variables = Object.entries(step.env).map(([key, expression]) => {
    const [, name = ''] = /^\$\{\{ inputs\.([a-z-]+) \}\}$/.exec(expression) ?? []
    return [key, value(name)]
  })
  const summary = join(cwd, 'summary.md')
  writeFileSync(summary, '')
  const env = {
    PATH: process.env.PATH ?? '',
    GITHUB_STEP_SUMMARY: summary,
    ...Object.fromEntries(variables),
  } as Record<string, string>
  const shell = ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run]
  const { status, stdout, stderr } = spawnSync('bash', shell, { cwd, env, encoding: 'utf8' })
  return { status, stdout, stderr, summary: readFileSync(summary, 'utf8') }
}

test('passes a whole archive, and writes the summary of the job', () => {
  const { status, stdout, summary } = runAction({ archives: 'good one.tar' })
  expect([status, stdout]).toEqual([0, 'good one.tar: passed\n'])
  expect(summary).toContain('| good one.tar | passed | a:1 |')
})

test('fails for a damaged one with an annotation, and writes the reports that were asked for', () => {
  const given = { archives: 'good one.tar\n-bad.tar\n', sarif: 'out.sarif', junit: 'out.xml' }
  const { status, stdout } = runAction(given)
  expect(status).toBe(1)
  expect(stdout).toMatch(/^::error file=.*-bad\.tar,title=DIFFID_MISMATCH::/m)
  expect(JSON.parse(readFileSync(join(cwd, 'out.sarif'), 'utf8'))).toMatchObject({ version: '2.1.0' })
  expect(readFileSync(join(cwd, 'out.xml'), 'utf8')).toContain('DIFFID_MISMATCH')
})

test('hands on what is allowed, and policies', () => {
  expect(runAction({ archives: '-bad.tar', allow: 'DIFFID_MISMATCH\n', 'fail-on': 'error' }).status).toBe(0)
  const { status, stdout } = runAction({ archives: 'good one.tar', policy: 'imgtar.yaml' })
  expect(status).toBe(1)
  expect(stdout).toContain('title=POLICY_CONFIG::')
})

test('no input becomes a command', () => {
  const { status } = runAction({ archives: '$(touch hacked)`touch hacked`; touch hacked' })
  expect(status).toBe(2)
  expect(() => readFileSync(join(cwd, 'hacked'))).toThrow()
})
