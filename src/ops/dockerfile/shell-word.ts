import type { ArchiveError } from '../../errors.js'
import { changeError } from './error.js'
import { withoutPrefix, withoutSuffix, withReplaced } from './shell-pattern.js'

/** What words are expanded with. */
export interface Expansion {
  /** `NAME=value`, the first of a name counts. */
  readonly env: readonly string[]
  readonly escape: string
  readonly line: number
}

/** A text with its quotes, escapes and variables worked out, as one word. Errors: ERR_USAGE. */
export function expandWord(text: string, expansion: Expansion): string {
  return readUntil({ ...expansion, source: text, at: 0, raw: false }, '').text
}

/** As `expandWord`, and split at the white space that is neither quoted nor escaped. */
export function expandWords(text: string, expansion: Expansion): readonly string[] {
  return readUntil({ ...expansion, source: text, at: 0, raw: false }, '').words
}

interface Cursor extends Expansion {
  readonly source: string
  at: number
  /** Whether escapes stay, as in the patterns of `${v#p}` and `${v/p/r}`. */
  raw: boolean
}

interface Expanded {
  readonly text: string
  readonly words: readonly string[]
}

function failure({ source, line }: Cursor, message: string): ArchiveError {
  return changeError(`failed to process ${JSON.stringify(source)}: ${message}`, line)
}

function readUntil(cursor: Cursor, stop: string): Expanded {
  let text = ''
  const words = wordCollector()
  for (let char = cursor.source[cursor.at]; char !== undefined; char = cursor.source[cursor.at]) {
    if (char === stop) {
      cursor.at += 1
      return { text, words: words.end() }
    }
    const { part, isWhole } = readPiece(cursor, char)
    text += part
    if (isWhole) words.add(part)
    else words.split(part)
  }
  if (stop !== '') throw failure(cursor, `unexpected end of statement while looking for matching ${stop}`)
  return { text, words: words.end() }
}

/** The next piece; a whole one is not split at its white space. */
function readPiece(cursor: Cursor, char: string): { part: string; isWhole: boolean } {
  if (char === "'") return { part: singleQuoted(cursor), isWhole: true }
  if (char === '"') return { part: doubleQuoted(cursor), isWhole: true }
  if (char === '$') return { part: dollar(cursor), isWhole: false }
  cursor.at += 1
  if (char !== cursor.escape) return { part: char, isWhole: false }
  const part = cursor.source[cursor.at] ?? ''
  cursor.at += 1
  return { part: cursor.raw ? char + part : part, isWhole: true }
}

function singleQuoted(cursor: Cursor): string {
  const end = cursor.source.indexOf("'", cursor.at + 1)
  if (end < 0) throw failure(cursor, 'unexpected end of statement while looking for matching single-quote')
  const text = cursor.source.slice(cursor.at + 1, end)
  cursor.at = end + 1
  return text
}

function doubleQuoted(cursor: Cursor): string {
  let text = ''
  cursor.at += 1
  for (;;) {
    const char = cursor.source[cursor.at]
    if (char === undefined) throw failure(cursor, 'unexpected end of statement while looking for matching double-quote')
    if (char === '$') {
      text += dollar(cursor)
      continue
    }
    cursor.at += 1
    if (char === '"') return text
    const next = cursor.source[cursor.at]
    // Only these lose their escape between double quotes.
    const isEscaped = char === cursor.escape && (next === '"' || next === '$' || next === cursor.escape)
    if (isEscaped) cursor.at += 1
    if (cursor.raw && char === cursor.escape) text += char
    text += isEscaped ? next : char
  }
}

function variable({ env }: Cursor, name: string): string | undefined {
  return env.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1)
}

function dollar(cursor: Cursor): string {
  cursor.at += 1
  if (cursor.source[cursor.at] !== '{') {
    const name = variableName(cursor)
    return name === '' ? '$' : (variable(cursor, name) ?? '')
  }
  cursor.at += 1
  if (cursor.at >= cursor.source.length) throw failure(cursor, "syntax error: missing '}'")
  if ('{}:'.includes(cursor.source[cursor.at] ?? '')) throw failure(cursor, 'syntax error: bad substitution')
  return substitution(cursor, variableName(cursor))
}

function variableName(cursor: Cursor): string {
  const [name = ''] = /^(?:[0-9]+|[@*#?\-$!]|[\p{L}_][\p{L}\p{Nd}_]*)/u.exec(cursor.source.slice(cursor.at)) ?? []
  cursor.at += name.length
  return name
}

/**
 * What follows the name in `${name…}`: `}`; `-`, `+`, `?` with a word, all of them with or without a colon; or a pattern
 * behind `#`, `##`, `%`, `%%`, `/`, `//`, as docker takes them since 24 (docker 20.10 refuses those).
 */
function substitution(cursor: Cursor, name: string): string {
  const value = variable(cursor, name)
  const [modifier = ''] = /^:?./su.exec(cursor.source.slice(cursor.at)) ?? []
  cursor.at += modifier.length
  if (modifier === '}') return value ?? ''
  if (modifier === '' || modifier === ':') throw failure(cursor, "syntax error: missing '}'")
  if (modifier === '#' || modifier === '%') return cut(cursor, modifier, value ?? '')
  if (modifier === '/') return replaced(cursor, value ?? '')
  const mark = modifier.slice(-1)
  if (!'-+?'.includes(mark)) throw failure(cursor, `unsupported modifier (${modifier}) in substitution`)
  const text = operand(cursor, '}', false)
  const isThere = value !== undefined && !(modifier.length > 1 && value === '')
  if (mark === '+') return isThere ? text : ''
  if (isThere) return value
  if (mark === '-') return text
  const why = value === undefined ? 'is not allowed to be unset' : 'is not allowed to be empty'
  throw failure(cursor, `${name}: ${text === '' ? why : text}`)
}

function cut(cursor: Cursor, mark: '#' | '%', value: string): string {
  const word = operand(cursor, '}', true)
  const longest = word.startsWith(mark)
  const pattern = longest ? word.slice(1) : word
  const rest = (mark === '#' ? withoutPrefix : withoutSuffix)(pattern, value, longest)
  return rest ?? refusePattern(cursor, pattern)
}

function replaced(cursor: Cursor, value: string): string {
  const isAll = cursor.source[cursor.at] === '/'
  if (isAll) cursor.at += 1
  const pattern = operand(cursor, '/', true)
  const by = operand(cursor, '}', true)
  return withReplaced(pattern, value, isAll ? { all: by } : { first: by }) ?? refusePattern(cursor, pattern)
}

function refusePattern(cursor: Cursor, pattern: string): never {
  throw failure(cursor, `invalid pattern (${pattern}) in substitution: a backslash escapes only * ? \\ } and /`)
}

/** What stands before `stop`, expanded. */
function operand(cursor: Cursor, stop: '}' | '/', raw: boolean): string {
  const { raw: outer } = cursor
  cursor.raw = raw
  try {
    return readUntil(cursor, stop).text
  } catch (error) {
    if (cursor.at < cursor.source.length) throw error
    throw failure(cursor, stop === '/' ? "syntax error: missing '/' in ${}" : "syntax error: missing '}'")
  } finally {
    cursor.raw = outer
  }
}

function wordCollector(): { add(part: string): void; split(part: string): void; end(): readonly string[] } {
  const words: string[] = []
  let word = ''
  const close = (): void => {
    if (word !== '') words.push(word)
    word = ''
  }
  return {
    add: (part) => void (word += part),
    split(part) {
      for (const char of part) {
        if (/\s/.test(char)) close()
        else word += char
      }
    },
    end() {
      close()
      return words
    },
  }
}
