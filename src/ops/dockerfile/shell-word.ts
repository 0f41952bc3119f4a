import type { ArchiveError } from '../../errors.js'
import { changeError } from './error.js'

/** What words are expanded with. */
export interface Expansion {
  /** `NAME=value`, the first of a name counts. */
  readonly env: readonly string[]
  readonly escape: string
  readonly line: number
}

/** A text with its quotes, escapes and variables worked out, as one word. Errors: ERR_USAGE. */
export function expandWord(text: string, expansion: Expansion): string {
  return readUntil({ ...expansion, source: text, at: 0 }, '').text
}

/** As `expandWord`, and split at the white space that is neither quoted nor escaped. */
export function expandWords(text: string, expansion: Expansion): readonly string[] {
  return readUntil({ ...expansion, source: text, at: 0 }, '').words
}

interface Cursor extends Expansion {
  readonly source: string
  at: number
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
  return { part, isWhole: true }
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
  const name = variableName(cursor)
  if (name === '') throw failure(cursor, 'syntax error: bad substitution')
  return substitution(cursor, name)
}

function variableName(cursor: Cursor): string {
  const [name = ''] = /^(?:[0-9]+|[@*#?\-$!]|[\p{L}_][\p{L}\p{Nd}_]*)/u.exec(cursor.source.slice(cursor.at)) ?? []
  cursor.at += name.length
  return name
}

/** What follows the name in `${name…}`: `}`, or `-`, `+`, `?` with a word, all of them with or without a colon. */
function substitution(cursor: Cursor, name: string): string {
  const value = variable(cursor, name)
  const [modifier = ''] = /^:?./su.exec(cursor.source.slice(cursor.at)) ?? []
  cursor.at += modifier.length
  if (modifier === '}') return value ?? ''
  if (modifier === '' || modifier === ':') throw failure(cursor, "syntax error: missing '}'")
  const mark = modifier.slice(-1)
  if (!'-+?'.includes(mark)) throw failure(cursor, `unsupported modifier (${modifier}) in substitution`)
  const { text } = readUntil(cursor, '}')
  const isThere = value !== undefined && !(modifier.length > 1 && value === '')
  if (mark === '+') return isThere ? text : ''
  if (isThere) return value
  if (mark === '-') return text
  const why = value === undefined ? 'is not allowed to be unset' : 'is not allowed to be empty'
  throw failure(cursor, `${name}: ${text === '' ? why : text}`)
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
