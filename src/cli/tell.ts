import type { VerifyReport } from '../model/report.js'

/** A part of an answer that stands before the rest. */
export type Part = VerifyReport['archives'][number]

/** Takes parts as they come; resolves when the output wants more. */
export type Tell = (part: Part) => Promise<void>
