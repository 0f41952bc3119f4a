// Names, messages and history lines are the archive's data: printed raw, they could drive the terminal.

// Control (C0, DEL, C1), format (bidi overrides, zero-width), line and paragraph separators, private use, lone surrogates.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu
const SHORT: ReadonlyMap<string, string> = new Map([
  ['\u0007', '\\a'],
  ['\b', '\\b'],
  ['\t', '\\t'],
  ['\n', '\\n'],
  ['\v', '\\v'],
  ['\f', '\\f'],
  ['\r', '\\r'],
])

/** Text that a terminal shows and does not obey: what cannot be seen becomes `\n`, `\t` … or the octal of its UTF-8 bytes, as in `ls -b`. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (char) => SHORT.get(char) ?? octal(new TextEncoder().encode(char)))
}

// Names that a system takes have 4095 bytes at most; those of an archive may have a million.
const MOST_READ = 4500
const SHOWN_OF_EACH_END = 500

/** A text as people read it: without its middle where it is longer than any name could be. Documents for programs have all. */
export function readable(text: string): string {
  const left = text.length - 2 * SHOWN_OF_EACH_END
  if (text.length <= MOST_READ) return text
  return `${text.slice(0, SHOWN_OF_EACH_END)} … ${left} more characters … ${text.slice(-SHOWN_OF_EACH_END)}`
}

/** Prose of a report, which may have such names in it, as people see it. */
export function visibleText(text: string): string {
  return visible(readable(text))
}

/** As `visible`, with each backslash doubled, so that two different names never look the same. */
export function visibleName(name: string): string {
  return visible(name.replaceAll('\\', '\\\\'))
}

/** The name whose bytes stand in base64; bytes that are not UTF-8 become octal, as in `ls -b`. */
export function visibleBytes(base64: string): string {
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
  let shown = ''
  for (let at = 0; at < bytes.length;) {
    const length = runLength(bytes, at)
    const run = bytes.subarray(at, at + Math.max(length, 1))
    shown += length === 0 ? octal(run) : visibleName(new TextDecoder('utf-8', { ignoreBOM: true }).decode(run))
    at += run.length
  }
  return shown
}

/** Bytes of the UTF-8 character at `at`; 0 where there is none. */
function runLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
  return isUtf8(bytes.subarray(at, at + length)) ? length : 0
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

function octal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
}
