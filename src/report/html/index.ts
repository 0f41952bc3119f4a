import type { Presenter } from '../presenter.js'
import { diffPage } from './diff.js'
import { efficiencyPage } from './efficiency.js'
import { verdictsPage } from './verify.js'

/** One file for a browser, with nothing in it that runs or is fetched; names of the archive are escaped. */
export const html: Presenter = {
  name: 'html',
  present(report) {
    switch (report.schema) {
      case 'imgtar/diff/v1':
        return diffPage(report)
      case 'imgtar/efficiency/v1':
        return efficiencyPage(report)
      default:
        return verdictsPage(report)
    }
  },
  notices: () => [],
}
