import type { DiffReport } from '../../model/report.js'
import { visibleBytes, visibleName } from '../escape.js'
import type { Ink, Paint } from '../paint.js'
import { sizeInWords } from '../size.js'
import { fieldsInWords, pathInWords } from './diff-words.js'

type FileRow = DiffReport['files'][number]

const SIGNS: Record<FileRow['change'], readonly [string, Ink]> = {
  added: ['+', 'good'],
  removed: ['-', 'bad'],
  modified: ['~', 'warn'],
  renamed: ['>', 'note'],
}

/** Changes grouped by directory: its path on a line, then a line for each name in it. */
export function* groupedFiles(files: readonly FileRow[], paint: Paint): Generator<string> {
  let directory: string | undefined
  for (const file of byDirectory(files)) {
    const [own, name] = split(pathInWords(file))
    if (own !== directory) yield `  ${paint('strong', own)}`
    directory = own
    yield `  ${signed(file, name, paint)}`
  }
}

/** Changes as a tree of directories. */
export function* treeOfFiles(files: readonly FileRow[], paint: Paint): Generator<string> {
  let open: readonly string[] = []
  for (const file of files) {
    const names = pathInWords(file).split('/').slice(1)
    const parents = names.slice(0, -1)
    const common = sharedLength(open, parents)
    for (let depth = common; depth < parents.length; depth++) {
      yield `  ${'  '.repeat(depth)}  ${paint('strong', `${parents[depth] ?? ''}/`)}`
    }
    yield `  ${'  '.repeat(parents.length)}${signed(file, names.at(-1) ?? '', paint)}`
    // A directory that changed has told its name.
    open = file.type === 'directory' ? names : parents
  }
}

function sharedLength(one: readonly string[], two: readonly string[]): number {
  let length = 0
  while (length < one.length && length < two.length && one[length] === two[length]) length += 1
  return length
}

function signed(file: FileRow, name: string, paint: Paint): string {
  const [sign, ink] = SIGNS[file.change]
  const detail = detailOf(file)
  const slash = file.type === 'directory' ? '/' : ''
  return `${paint(ink, sign)} ${name}${slash}${detail === '' ? '' : `  ${paint('faint', detail)}`}`
}

/** What is to be said of a change beside its path: a size, what differs, or where it came from. */
export function detailOf(file: FileRow): string {
  switch (file.change) {
    case 'added':
    case 'removed':
      return file.type === 'file' ? sizeInWords(file.size) : file.type === 'directory' ? '' : file.type
    case 'modified':
      return fieldsInWords(file)
    case 'renamed': {
      const from = file.fromBytes === undefined ? visibleName(file.from ?? '') : visibleBytes(file.fromBytes)
      const fields = fieldsInWords(file)
      return `from ${from}${fields === '' ? '' : `, ${fields}`}`
    }
  }
}

// The names of one directory do not always stand together: what is in a subdirectory comes between them.
function byDirectory(files: readonly FileRow[]): FileRow[] {
  const groups = new Map<string, FileRow[]>()
  for (const file of files) {
    const [directory] = split(file.path)
    const group = groups.get(directory)
    if (group === undefined) groups.set(directory, [file])
    else group.push(file)
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, group]) => group)
}

function split(path: string): [directory: string, name: string] {
  const slash = path.lastIndexOf('/')
  return [slash <= 0 ? '/' : path.slice(0, slash), path.slice(slash + 1)]
}
