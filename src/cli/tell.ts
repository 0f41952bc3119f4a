import type { VerifyReport } from '../model/report.js'

/** A part of an answer that stands before the rest. */
export type Part = VerifyReport['archives'][number]

/** Takes parts as they come; resolves when the output wants more. */
export type Tell = (part: Part) => Promise<void>

/** What a command may print before its answer stands. */
export interface Outlets {
  /** Hands over parts of the answer as soon as they stand, for the outputs that stream. */
  readonly tell: Tell
  /** Ends the progress line, before contents go to standard output: it would be drawn over them. */
  readonly takeTerminal: () => void
}
