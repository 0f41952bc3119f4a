import { count } from '../../errors.js'
import type { DamagedFile, TarSplitReport } from '../../model/report-store.js'
import { visibleBytes, visibleName } from '../escape.js'
import { paintFor } from '../paint.js'
import type { Style } from '../presenter.js'
import { sizeInWords } from '../size.js'

/** What came of it in one line, then a line for each file that differs. */
export function* tarSplitText(report: TarSplitReport, style: Style): Generator<string> {
  const { action, wrote, files, bytes, digest, damaged, sidecar } = report
  const paint = paintFor(style.color)
  if (damaged.length > 0) {
    const outcome = action === 'check' ? '' : ', nothing was written'
    yield `${visibleName(sidecar)}: ${paint('bad', `${count(damaged.length, 'file')} damaged`)}${outcome}`
    for (const file of damaged) yield `  ${damagedText(file)}`
    return
  }
  if (action === 'check') {
    yield `${visibleName(sidecar)}: ${paint('good', 'whole')}: ${count(files, 'file')}, ${sizeInWords(bytes)} checked`
  } else if (wrote !== null && wrote !== '-') {
    // Size and digest are the layer's: of what was put together, and of what was taken apart.
    const of = action === 'disassemble' ? ' of a layer' : ''
    yield `wrote ${visibleName(wrote)}${of}: ${sizeInWords(bytes)}, ${digest ?? ''}`
  }
}

/** A damaged file as people read it: name, what is wrong, what it should be. */
export function damagedText(file: DamagedFile): string {
  const name = file.pathBytes === undefined ? visibleName(file.path) : visibleBytes(file.pathBytes)
  return `${name}: ${problemText(file)}`
}

function problemText({ problem, size, crc64, actualSize, actualCrc64 }: DamagedFile): string {
  const expected = `${size} bytes with crc64 ${crc64}`
  switch (problem) {
    case 'missing':
      return `missing, ${expected}`
    case 'not-a-file':
      return `no regular file, should be ${expected}`
    case 'unsafe':
      return `the name leads out of the layer, ${expected}`
    case 'unreadable':
      return `cannot be read, ${expected}`
    case 'size':
      return `${actualSize ?? 0} bytes, should be ${expected}`
    case 'content':
      return `crc64 ${actualCrc64 ?? 'unknown'}, should be ${crc64}`
  }
}
