import { expect, test } from 'vitest'
import { readableByYargs } from '../../src/cli/operands.js'

test.each([
  [
    ['verify', '-'],
    ['verify', 'stdio:'],
  ],
  [
    ['save', '-o', '-', '--output=-'],
    ['save', '-o', 'stdio:', '--output=stdio:'],
  ],
  [
    ['save', '-:web:2', '-', '--base=-:@0', '--base', '-:@1'],
    ['save', 'stdio::web:2', 'stdio:', '--base=stdio::@0', '--base', 'stdio::@1'],
  ],
  [
    ['config', '--env=A=-', '--env', 'B=-', '--change=CMD --log=-'],
    ['config', '--env=A=-', '--env', 'B=-', '--change=CMD --log=-'],
  ],
  [
    ['verify', '--', '-dash.tar', '--json', 'plain.tar', '-'],
    ['verify', './-dash.tar', './--json', 'plain.tar', 'stdio:'],
  ],
  [
    ['verify', '--no-color', 'a-b', '-q'],
    ['verify', '--color=never', 'a-b', '-q'],
  ],
  [
    ['verify', '--', '--', 'a'],
    ['verify', './--', 'a'],
  ],
])('%j is handed on as %j', (argv, words) => {
  expect(readableByYargs(argv)).toEqual(words)
})
