import { describe, expect, test } from 'vitest'
import { troubleOf } from '../../src/cli/trouble.js'
import { UsageError } from '../../src/cli/usage-error.js'
import { ArchiveError, toArchiveError } from '../../src/errors.js'

const run = { interrupted: false, debug: false }

describe('what was thrown', () => {
  test('as bad usage is 2 and points to the help of the command', () => {
    expect(troubleOf(new UsageError('ARCHIVE is missing'), { ...run, command: 'ls' })).toEqual({
      exitCode: 2,
      message: 'imgtar: ARCHIVE is missing\n  hint: imgtar help ls\n',
    })
  })

  test('about an archive is 2, with place, code, byte and hint', () => {
    const place = { location: 'a.tar › manifest.json', offset: 512, hint: 'copy it again' }
    expect(troubleOf(new ArchiveError('ERR_JSON', 'no JSON', place), run)).toEqual({
      exitCode: 2,
      message: 'imgtar: a.tar › manifest.json: no JSON (ERR_JSON, byte 512)\n  hint: copy it again\n',
    })
  })

  test('by the system is 2', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      syscall: 'write',
      code: 'ENOSPC',
    })
    expect(troubleOf(full, run)).toMatchObject({ exitCode: 2, message: expect.stringContaining('(ERR_IO)') })
  })

  test('tells the first of several, where closing what was open failed too', async () => {
    const opened = (end: Error) => ({ read: readTooFar, [Symbol.asyncDispose]: () => Promise.reject(end) })
    const readTooFar = () => Promise.reject(new ArchiveError('ERR_TRUNCATED', 'the bytes end early'))
    const work = async (): Promise<void> => {
      await using file = opened(new Error('cannot close'))
      await using spool = opened(new TypeError('cannot close either'))
      await Promise.all([file.read(), spool.read()])
    }
    const error: unknown = await work().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'SuppressedError' })
    expect(troubleOf(error, run)).toEqual({
      exitCode: 2,
      message: 'imgtar: the bytes end early (ERR_TRUNCATED)\n',
    })
    expect(toArchiveError(error)).toMatchObject({ code: 'ERR_TRUNCATED', message: 'the bytes end early' })
  })

  test('as anything else is 70: our bug, with the way to report it', () => {
    const { exitCode, message } = troubleOf(new TypeError('x is not a function'), run)
    expect(exitCode).toBe(70)
    expect(message).toContain('TypeError: x is not a function')
    expect(message).toContain('IMGTAR_DEBUG=1')
    expect(message).not.toContain('    at ')
  })

  test('shows its stack when it is asked for', () => {
    expect(troubleOf(new TypeError('x'), { ...run, debug: true }).message).toMatch(/\n {4}at .*trouble\.test\.ts/)
  })

  test('after an interruption is 130, whatever it is', () => {
    const interrupted = { ...run, interrupted: true }
    expect(troubleOf(new TypeError('x'), interrupted)).toEqual({ exitCode: 130, message: 'imgtar: interrupted\n' })
  })

  test('cannot drive the terminal', () => {
    const errors = [
      new ArchiveError('ERR_JSON', '\u001b[2J', { location: '\u001b]0;x\u0007', hint: 'a\rb' }),
      new UsageError('\u001b[2J'),
      new TypeError('\u202e'),
    ]
    for (const error of errors) {
      expect(troubleOf(error, { ...run, debug: true }).message.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    }
  })
})
