import type { DiffReport, RootfsDigestReport } from '../../model/report.js'
import type { Style } from '../presenter.js'

/** The answer in a sentence. */
export function* diffText(report: DiffReport, _style: Style): Generator<string> {
  yield report.equal ? 'equal' : 'different'
}

/** The lines that are hashed, where they were asked for, else the digest alone. */
export function rootfsDigestText({ digest, list }: RootfsDigestReport): string[] {
  return list ?? [digest ?? 'unknown']
}
