import { count } from '../../errors.js'
import type { FilesReport } from '../../model/report-files.js'
import { visible, visibleName } from '../escape.js'
import { sizeInWords } from '../size.js'

const MOST_SKIPPED = 20
const LOST: Record<FilesReport['skipped'][number]['what'], string> = {
  char: 'character device',
  block: 'block device',
  fifo: 'named pipe',
  symlink: 'symlink',
  xattr: 'extended attribute',
  owner: 'owner',
  setid: 'setuid or setgid bit of mode',
}

/** What was written where, and then what could not be. */
export function* filesText(report: FilesReport): Generator<string> {
  const { path, kind, size, written } = report.output
  const place = path === '-' ? 'standard output' : visibleName(path)
  const what = `${kind === 'tar' ? 'root filesystem' : 'directory'}, ${count(report.entries, 'name')}, ${sizeInWords(size)}`
  yield `${written ? 'wrote' : 'would write'} ${place}: ${what}`
  for (const { path: name, what: lost, detail } of report.skipped.slice(0, MOST_SKIPPED)) {
    yield `  left out: ${LOST[lost]}${detail === '' ? '' : ` ${visible(detail)}`}: ${visibleName(name)}`
  }
  const more = report.skipped.length - MOST_SKIPPED
  if (more > 0) yield `  … and ${String(more)} more`
  if (report.output.list !== undefined) yield `  all of that is in ${visibleName(report.output.list)}`
}
