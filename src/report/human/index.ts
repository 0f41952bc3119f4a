import type { Report } from '../../model/report.js'
import type { Presenter, Style } from '../presenter.js'
import { censusText } from './census.js'
import { diffText, rootfsDigestText } from './diff.js'
import { filesText } from './files.js'
import { historyText } from './history.js'
import { imagesText } from './images.js'
import { inspectText } from './inspect.js'
import { lsText } from './ls.js'
import { noticeLines } from './notices.js'
import { loadText } from './load.js'
import { packagesText } from './packages.js'
import { recoverText } from './recover.js'
import { salvageText } from './salvage.js'
import { tarSplitText } from './tar-split.js'
import { verifyText } from './verify.js'
import { blameText, buriedText, efficiencyText } from './waste.js'
import { writtenText } from './written.js'

/** Text for people; names of the archive are escaped. */
export const human: Presenter = {
  name: 'human',
  *present(report, style) {
    for (const line of linesOf(report, style)) yield `${line}\n`
  },
  *notices(report, style) {
    for (const line of noticeLines(report, style)) yield `${line}\n`
  },
}

function linesOf(report: Report, style: Style): Iterable<string> {
  if ('skipped' in report) return filesText(report)
  if ('output' in report) return writtenText(report, style)
  switch (report.schema) {
    case 'imgtar/verify/v1':
      return verifyText(report, style)
    case 'imgtar/inspect/v1':
      return inspectText(report, style)
    case 'imgtar/images/v1':
      return imagesText(report, style)
    case 'imgtar/history/v1':
      return historyText(report, style)
    case 'imgtar/ls/v1':
      return lsText(report, style)
    case 'imgtar/diff/v1':
      return diffText(report, style)
    case 'imgtar/tar-split/v1':
      return tarSplitText(report, style)
    case 'imgtar/census/v1':
      return censusText(report, style)
    case 'imgtar/recover/v1':
      return recoverText(report, style)
    case 'imgtar/load/v1':
      return loadText(report, style)
    case 'imgtar/salvage/v1':
      return salvageText(report, style)
    case 'imgtar/efficiency/v1':
      return efficiencyText(report, style)
    case 'imgtar/buried/v1':
      return buriedText(report)
    case 'imgtar/blame/v1':
      return blameText(report, style)
    case 'imgtar/packages/v1':
      return packagesText(report)
    case 'imgtar/rootfs-digest/v1':
      return rootfsDigestText(report)
  }
}
