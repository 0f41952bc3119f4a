import type { HistoryReport } from '../../model/report.js'
import { visible } from '../escape.js'
import type { Style } from '../presenter.js'
import { dockerSize } from '../size.js'
import { DOCKER_TABLE, ellipsis, table } from '../table.js'
import { ago } from '../time.js'
import { shortID } from './short-id.js'

const HEADER = ['IMAGE', 'CREATED', 'CREATED BY', 'SIZE', 'COMMENT']
/** Columns that docker gives CREATED BY. */
const MOST_CREATED_BY = 45

/** The steps, newest first, in the columns and widths of `docker history`; only the newest has an ID that an archive can tell. */
export function historyText(report: HistoryReport, style: Style): string[] {
  const rows = report.history.map((step, index) => [
    index === 0 ? shortID(report.imageID, style) : '<missing>',
    ago(step.created, style.now),
    createdBy(step.createdBy, style),
    step.size === null ? 'N/A' : dockerSize(step.size),
    visible(step.comment),
  ])
  return table([HEADER, ...rows], DOCKER_TABLE)
}

function createdBy(text: string, style: Style): string {
  const line = visible(text.replaceAll('\t', ' '))
  return style.full ? line : ellipsis(line, MOST_CREATED_BY)
}
