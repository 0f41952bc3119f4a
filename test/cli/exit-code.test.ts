import { expect, test } from 'vitest'
import { exitCodeOf } from '../../src/cli/exit-code.js'
import type { ImagesReport } from '../../src/model/report.js'
import { verifyReport } from '../support/verdicts.js'

const tool = { name: 'imgtar', version: '0.0.0' } as const
const error = { code: 'ERR_IO', message: 'm', where: { archive: 'a' } }
const whole = { archive: 'a', ok: true, images: [], findings: [] }
const faulty = { ...whole, ok: false }
const unreadable = { ...faulty, error }

const verified = verifyReport
const listed = (errors: ImagesReport['errors'], ok: boolean): ImagesReport => ({
  schema: 'imgtar/images/v1',
  tool,
  ok,
  images: [],
  findings: [],
  errors,
})

test('0 where all is whole, 1 where something is found', () => {
  expect(exitCodeOf(verified(whole, whole))).toBe(0)
  expect(exitCodeOf(verified(whole, faulty))).toBe(1)
  expect(exitCodeOf(listed([], true))).toBe(0)
  expect(exitCodeOf(listed([], false))).toBe(1)
})

test('2 where something could not be read, whatever else was found', () => {
  expect(exitCodeOf(verified(whole, unreadable, faulty))).toBe(2)
  expect(exitCodeOf(listed([error], false))).toBe(2)
})
