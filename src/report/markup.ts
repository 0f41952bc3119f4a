// What begins or ends markup anywhere in a line of CommonMark, or of GitHub's tables and mentions.
const MARKUP = /[\\`*_[\]<>|#&~@!]/g

/** Text in which Markdown finds no markup, and GitHub no mention of anybody. */
export function withoutMarkup(text: string): string {
  return text.replace(MARKUP, (char) => (char === '@' ? '&#64;' : `\\${char}`))
}
