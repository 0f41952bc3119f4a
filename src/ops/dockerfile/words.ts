import { scanJson } from '../../model/json-scan.js'
import { changeError } from './error.js'
import type { InstructionLine } from './lines.js'

/** Splits at white space; quotes and escapes hold words together and stay in them. */
function quotedWords(text: string, escape: string): readonly string[] {
  const words: string[] = []
  let word = ''
  let quote = ''
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? ''
    if (quote === '' && /\s/.test(char)) {
      if (word !== '') words.push(word)
      word = ''
    } else if (char === escape && quote !== "'") {
      // An escape at the very end is dropped.
      if (at + 1 < text.length) word += char + (text[++at] ?? '')
    } else {
      if (quote === '' && (char === "'" || char === '"')) quote = char
      else if (char === quote) quote = ''
      word += char
    }
  }
  return word === '' ? words : [...words, word]
}

/** `name=value …`, or `name value` where the first word has no `=`; quotes stay. Errors: ERR_USAGE. */
export function pairs({ name, rest, line }: InstructionLine, escape: string): readonly (readonly [string, string])[] {
  const instruction = name.toUpperCase()
  const words = quotedWords(rest, escape)
  const [first] = words
  if (first === undefined) throw changeError(`${instruction} requires at least one argument`, line)
  if (!first.includes('=')) return [oldPair(rest, instruction, line)]
  return words.map((word) => {
    const at = word.indexOf('=')
    if (at < 0) {
      throw changeError(`Syntax error - can't find = in ${JSON.stringify(word)}. Must be of the form: name=value`, line)
    }
    if (at === 0) throw changeError(`${instruction} names can not be blank`, line)
    return [word.slice(0, at), word.slice(at + 1)]
  })
}

function oldPair(rest: string, instruction: string, line: number): readonly [string, string] {
  const [, name, text] = /^(\S+)[\t\v\f\r ]+(.*)$/s.exec(rest) ?? []
  if (name === undefined || text === undefined) throw changeError(`${instruction} must have two arguments`, line)
  return [name, text]
}

/** The strings of a JSON array, or undefined where the text is none. Errors: ERR_USAGE where it holds anything else. */
export function jsonArray(text: string, line: number): readonly string[] | undefined {
  if (!text.startsWith('[')) return undefined
  const scan = scanJson(new TextEncoder().encode(text))
  // Docker up to 26 takes an array with something behind it, 28 takes all of it for a command.
  if (scan.fault !== undefined || scan.trailing > 0) return undefined
  const value: unknown = JSON.parse(text)
  if (!Array.isArray(value)) return undefined
  return value.map((item: unknown) => {
    if (typeof item === 'string') return item
    throw changeError('When using JSON array syntax, arrays must be comprised of strings only.', line)
  })
}
