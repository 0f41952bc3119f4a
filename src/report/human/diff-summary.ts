import { count } from '../../errors.js'
import type { DiffReport } from '../../model/report.js'
import { visible } from '../escape.js'
import { countsOfKinds, growthInWords, packageInWords, sideInWords } from './diff-words.js'

/** The answer in one sentence. */
export function answerInWords(report: DiffReport): string {
  const sides = `${sideInWords(report.a)} and ${sideInWords(report.b)}`
  if (!report.whole) return `${sides}: not all layers could be read, so nothing is proved`
  const under = report.ignored.length > 0 ? ', but for what was ignored' : ''
  if (report.equal) return `${sides} are equal${under}: ${count(report.b.entries, 'path')} compared`
  return `${sides} differ: ${classInWords(report)}`
}

/** What class of change it is, for people who read no further. */
function classInWords({ files, packages, config, history, layers, names }: DiffReport): string {
  const parts = [
    ...(packages.length > 0 ? [count(packages.length, 'package')] : []),
    ...(files.length > 0 ? [filesInWords(files)] : []),
    ...(config.length > 0 ? ['the config'] : []),
    ...(history.length > 0 ? ['the history'] : []),
    ...(names.a.length + names.b.length > 0 ? ['names'] : []),
  ]
  if (parts.length > 0) return parts.join(', ')
  return layers.length > 0 ? 'only how the layers are split or packed' : 'nothing that counts'
}

function filesInWords(files: DiffReport['files']): string {
  const own = files.filter((file) => file.package === undefined)
  const folded = files.length - own.length
  const isTimes = own.every((file) => Object.keys(file.fields).join() === 'mtime')
  if (folded === 0) return isTimes ? `${count(own.length, 'mtime')} and no content` : count(own.length, 'path')
  const others = own.length === 0 ? '' : `, ${isTimes ? count(own.length, 'other mtime') : `${own.length} others`}`
  return `${count(folded, 'path')} of theirs${others}`
}

/** Rows of the summary: what, and how much of it. */
export function summaryRows(report: DiffReport): [label: string, text: string][] {
  const { summary, packages, names, a, b, ignored } = report
  const rows: [string, string | undefined][] = [
    ['packages', packages.length === 0 ? undefined : packagesInWords(packages)],
    ['files', filesSummary(report)],
    ['config', summary.config === 0 ? undefined : count(summary.config, 'field')],
    ['history', summary.history === 0 ? undefined : count(summary.history, 'step')],
    ['names', namesInWords(names)],
    ['layers', countsOfKinds(summary.layers) || undefined],
    ['size', sizesInWords(report)],
    ['root fs', digestsInWords(a.rootfsDigest, b.rootfsDigest, report.whole)],
    ['ignored', ignored.map(({ rule, what, count: amount }) => `${amount} ${what} (${rule})`).join(', ') || undefined],
    ...report.notCompared.map(({ what, why }): [string, string] => [
      'not compared',
      `${visible(what)}: ${visible(why)}`,
    ]),
  ]
  return rows.flatMap(([label, text]): [string, string][] => (text === undefined ? [] : [[label, text]]))
}

const MOST_NAMED = 3

function packagesInWords(packages: DiffReport['packages']): string {
  const named = packages.slice(0, MOST_NAMED).map(packageInWords)
  const rest = packages.length - named.length
  return `${packages.length}: ${named.join(', ')}${rest > 0 ? `, … and ${rest} more` : ''}`
}

function filesSummary({ summary, files }: DiffReport): string | undefined {
  if (files.length === 0) return undefined
  const fields = Object.entries(summary.fields).map(([name, amount]) => `${visible(name)} ${amount}`)
  const folded = summary.folded === 0 ? '' : `; ${summary.folded} belong to the packages`
  const which = fields.length === 0 ? '' : ` (${fields.join(', ')})`
  return `${countsOfKinds(summary.files)}${which}${folded}`
}

function namesInWords({ a, b }: DiffReport['names']): string | undefined {
  if (a.length + b.length === 0) return undefined
  const list = (names: readonly string[]) => (names.length === 0 ? 'none' : names.map(visible).join(', '))
  return `${list(a)} -> ${list(b)}`
}

function sizesInWords({ a, b, growth }: DiffReport): string {
  const [most] = growth
  const which = most === undefined || most.b <= most.a ? '' : `; most by ${visible(most.path)}`
  return `files ${growthInWords(a.contentSize, b.contentSize)}, layers ${growthInWords(a.diffSize, b.diffSize)}${which}`
}

function digestsInWords(a: string | null, b: string | null, whole: boolean): string | undefined {
  if (a === null && b === null)
    return whole ? 'digests with --digest: large layers are the same and were not hashed' : undefined
  return a === b ? `equal, ${a ?? ''}` : `${a ?? 'unknown'} -> ${b ?? 'unknown'}`
}
