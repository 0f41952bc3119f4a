import type { Report } from '../model/report.js'

/** How a report is to look. */
export interface Style {
  readonly color: boolean
  /** Whole digests and history lines instead of docker's short forms. */
  readonly full: boolean
  /** What ages are counted from. */
  readonly now: Date
}

/** Turns any report into text and touches nothing. */
export interface Presenter {
  readonly name: string
  /** The report, in pieces; for stdout. */
  present(report: Report, style: Style): Iterable<string>
  /** Lines about the report that must not mix with it; for stderr. */
  notices(report: Report, style: Style): Iterable<string>
}
