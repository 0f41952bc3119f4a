import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../../src/cli/commands/index.js'
import { shortOptionsApart } from '../../src/cli/short-options.js'
import { UsageError } from '../../src/cli/usage-error.js'

const apart = (line: string) => shortOptionsApart(line.split(' '), COMMANDS).join(' ')

describe('short options', () => {
  test.each([
    ['save a.tar -oFILE', 'save a.tar --output=FILE'],
    ['save a.tar -o=FILE', 'save a.tar --output=FILE'],
    ['save a.tar -o FILE', 'save a.tar -o FILE'],
    ['save a.tar -foFILE', 'save a.tar -f --output=FILE'],
    ['save a.tar -fo FILE', 'save a.tar -f -o FILE'],
    ['save a.tar -fqo-', 'save a.tar -f -q --output=-'],
    ['-q import r.tar -cCMD=x -tz:1 -oa', '-q import r.tar --change=CMD=x --tag=z:1 --output=a'],
    ['--jobs 2 --platform linux/arm64 save a.tar -oa', '--jobs 2 --platform linux/arm64 save a.tar --output=a'],
    ['save -oa -- -ob', 'save --output=a -- -ob'],
    ['verify --quiet -', 'verify --quiet -'],
  ])('%s reads as %s', (line, expected) => {
    expect(apart(line)).toBe(expected)
  })

  test.each([
    ['verify -qx a.tar', 'there is no option -x, in -qx'],
    ['verify -oFILE a.tar', 'there is no option -o, in -oFILE'],
    ['save a.tar -9', 'there is no option -9, in -9'],
    ['verify -help', 'there is no option -h, in -help'],
  ])('%s is refused', (line, message) => {
    expect(() => apart(line)).toThrow(UsageError)
    expect(() => apart(line)).toThrow(message)
  })
})
