import { changeError } from './error.js'

/** One instruction of a Dockerfile, its continuation lines joined. */
export interface InstructionLine {
  /** Lower case. */
  readonly name: string
  /** The name as it was written. */
  readonly word: string
  /** Leading `--name=value` words. */
  readonly flags: readonly string[]
  /** What follows, trimmed. */
  readonly rest: string
  readonly original: string
  /** 1 first. */
  readonly line: number
}

/** The instructions of a text, and what escapes in it. */
export interface DockerfileText {
  readonly instructions: readonly InstructionLine[]
  readonly escape: string
}

/**
 * Takes a Dockerfile apart as docker's parser does: comments and empty lines go, a backslash at the end continues, the
 * `# escape=` directive is obeyed. Errors: ERR_USAGE where there is no instruction.
 */
export function readLines(text: string): DockerfileText {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''))
  const escape = escapeOf(lines)
  const instructions: InstructionLine[] = []
  for (let at = 0; at < lines.length; at++) {
    const start = at
    const first = (lines[at] ?? '').trimStart()
    if (isComment(first)) continue
    let { line, continues } = continuation(first, escape)
    while (continues && at + 1 < lines.length) {
      at += 1
      const next = lines[at] ?? ''
      // Comments and empty lines do not end what is continued.
      if (isComment(next.trimStart()) || next.trim() === '') continue
      const more = continuation(next, escape)
      line += more.line
      continues = more.continues
    }
    if (line.trim() !== '') instructions.push(readInstruction(line, escape, start + 1))
  }
  if (instructions.length === 0) throw changeError('file with no instructions')
  return { instructions, escape }
}

function isComment(line: string): boolean {
  return line.startsWith('#')
}

function escapeOf(lines: readonly string[]): string {
  for (const line of lines) {
    const [, name, value] = /^#\s*([a-z]\w*)\s*=\s*(.+?)\s*$/i.exec(line) ?? []
    if (name === undefined || value === undefined) break
    if (name.toLowerCase() !== 'escape') continue
    if (value !== '\\' && value !== '`') throw changeError(`invalid escape token '${value}' does not match \` or \\`)
    return value
  }
  return '\\'
}

function continuation(line: string, escape: string): { line: string; continues: boolean } {
  const trimmed = line.replace(/[ \t]+$/, '')
  // A doubled escape is one of its own and continues nothing.
  const isOne = trimmed.endsWith(escape) && !trimmed.endsWith(escape + escape)
  return isOne ? { line: trimmed.slice(0, -1), continues: true } : { line, continues: false }
}

/** An instruction of one joined line. */
export function readInstruction(text: string, escape: string, line: number): InstructionLine {
  const original = text.trim()
  const [, name = '', tail = ''] = /^(\S+)[\t\v\f\r ]*(.*)$/s.exec(original) ?? []
  const { flags, rest } = takeFlags(tail, escape)
  return { name: name.toLowerCase(), word: name, flags, rest: rest.trim(), original, line }
}

function takeFlags(text: string, escape: string): { flags: readonly string[]; rest: string } {
  const flags: string[] = []
  let rest = text
  for (;;) {
    rest = rest.trimStart()
    if (!rest.startsWith('--')) return { flags, rest }
    const word = firstWord(rest, escape)
    // `--` alone ends the flags, and is part of what follows.
    if (word.text === '--') return { flags, rest: rest.slice(2) }
    flags.push(word.text)
    rest = rest.slice(word.length)
  }
}

/** The first word with its quotes and escapes taken away, and how many characters it took. */
function firstWord(text: string, escape: string): { text: string; length: number } {
  let word = ''
  let quote = ''
  let at = 0
  for (; at < text.length; at++) {
    const char = text[at] ?? ''
    if (quote === '' && /\s/.test(char)) break
    if (char === escape && quote !== "'" && at + 1 < text.length) word += text[++at] ?? ''
    else if (quote === '' && (char === "'" || char === '"')) quote = char
    else if (char === quote) quote = ''
    else word += char
  }
  return { text: word, length: at }
}
