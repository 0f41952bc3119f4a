import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { COMMANDS } from '../../src/cli/commands/index.js'
import { COMPLETION_SCRIPTS } from '../../src/cli/completion/index.js'

const shells = Object.entries(COMPLETION_SCRIPTS)
const has = (shell: string): boolean => spawnSync(shell, ['-c', 'exit 0']).status === 0

test.each(shells)('the script for %s knows every command with its summary or options', (_shell, script) => {
  const text = script(COMMANDS)
  for (const { name, options } of COMMANDS) {
    expect(text).toContain(name)
    for (const option of Object.keys(options)) expect(text).toContain(option)
  }
  expect(text).toContain('limit-json')
  expect(text).not.toContain('undefined')
})

test.each(shells.filter(([shell]) => has(shell)))('%s finds no fault in its script', (shell, script) => {
  const { status, stderr } = spawnSync(shell, ['-n'], { input: script(COMMANDS), encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
})

const completed = (...words: string[]): string[] => {
  const line = words.map((word) => `'${word}'`).join(' ')
  const script = `${COMPLETION_SCRIPTS.bash(COMMANDS)}
COMP_WORDS=(imgtar ${line}); COMP_CWORD=${words.length}; _imgtar; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout } = spawnSync('bash', ['-c', script], { encoding: 'utf8' })
  return stdout.split('\n').filter((word) => word !== '')
}

test.skipIf(!has('bash'))('bash completes commands, options, choices and shells', () => {
  expect(completed('')).toEqual([...COMMANDS.map(({ name }) => name), '--help', '--version'])
  expect(completed('in')).toEqual(['inspect'])
  expect(completed('ls', '--l')).toEqual([
    '--layer',
    '--limit-json',
    '--limit-pax',
    '--limit-entries',
    '--limit-ratio',
    '--limit-depth',
  ])
  expect(completed('verify', '--color', 'a')).toEqual(['auto', 'always'])
  expect(completed('completion', '')).toEqual(['bash', 'zsh', 'fish'])
  expect(completed('verify', 'app')).toEqual([])
})
