/** What a walk over a document's bytes tells that JSON.parse hides. */
export interface JsonScan {
  /** Where the first value ends; bytes behind it other than white space are `trailing`. */
  readonly end: number
  readonly trailing: number
  /** Keys that stand twice in one object, with the offset of the second. */
  readonly duplicateKeys: readonly { readonly key: string; readonly offset: number }[]
  readonly fault?: { readonly offset: number; readonly message: string }
}

// Go's encoding/json refuses what nests deeper.
const MOST_DEPTH = 10_000
const MOST_DUPLICATES = 20

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a]
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d]

class JsonFault extends Error {
  readonly offset: number

  constructor(offset: number, message: string) {
    super(message)
    this.offset = offset
  }
}

/**
 * Checks the syntax of the first JSON value (RFC 8259, strict as Go's encoding/json) without recursion, and finds what
 * parsers treat differently. Never throws: a fault comes back with its byte offset.
 */
export function scanJson(bytes: Uint8Array): JsonScan {
  const walk = new Walk(bytes)
  try {
    walk.value()
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error
    return {
      end: bytes.length,
      trailing: 0,
      duplicateKeys: walk.duplicateKeys,
      fault: { offset: error.offset, message: error.message },
    }
  }
  const end = walk.offset
  walk.space()
  return { end, trailing: bytes.length - walk.offset, duplicateKeys: walk.duplicateKeys }
}

class Walk {
  offset = 0
  readonly duplicateKeys: { key: string; offset: number }[] = []
  /** One set of keys per open object, undefined per open array. */
  private readonly open: (Set<string> | undefined)[] = []
  private readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /** One value of any depth: a loop over scalars, openings and what may follow them. */
  value(): void {
    do {
      this.space()
      if (!this.opening()) {
        this.scalar()
        this.closings()
      }
    } while (this.open.length > 0)
  }

  space(): void {
    for (;;) {
      const byte = this.bytes[this.offset]
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return
      this.offset += 1
    }
  }

  /** Takes `{"key":` or `[` and tells so; an empty object or list is taken whole, with what it closes. */
  private opening(): boolean {
    const byte = this.bytes[this.offset]
    if (byte !== OPEN_BRACE && byte !== OPEN_BRACKET) return false
    if (this.open.length >= MOST_DEPTH) this.fail(`nested deeper than ${MOST_DEPTH} levels`)
    this.open.push(byte === OPEN_BRACE ? new Set() : undefined)
    this.offset += 1
    this.space()
    const next = this.bytes[this.offset]
    if (next === (byte === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET)) this.closings()
    else if (byte === OPEN_BRACE) this.key()
    return true
  }

  /** After a value: commas and closing brackets, up to where the next value starts or the outermost one ended. */
  private closings(): void {
    for (;;) {
      const keys = this.open.at(-1)
      if (this.open.length === 0) return
      this.space()
      const byte = this.bytes[this.offset]
      if (byte === COMMA) {
        this.offset += 1
        this.space()
        if (keys !== undefined) this.key()
        return
      }
      if (byte !== (keys === undefined ? CLOSE_BRACKET : CLOSE_BRACE)) this.fail()
      this.offset += 1
      this.open.pop()
    }
  }

  private key(): void {
    this.space()
    const start = this.offset
    this.string()
    const key = keyOf(new TextDecoder().decode(this.bytes.subarray(start, this.offset)))
    const keys = this.open.at(-1)
    if (keys?.has(key) === true && this.duplicateKeys.length < MOST_DUPLICATES) {
      this.duplicateKeys.push({ key, offset: start })
    }
    keys?.add(key)
    this.space()
    if (this.bytes[this.offset] !== COLON) this.fail()
    this.offset += 1
  }

  private scalar(): void {
    if (this.bytes[this.offset] === QUOTE) {
      this.string()
      return
    }
    const start = this.offset
    while (isWordByte(this.bytes[this.offset])) this.offset += 1
    const word = String.fromCharCode(...this.bytes.subarray(start, Math.min(this.offset, start + 400)))
    if (/^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/.test(word)) return
    this.offset = start
    this.fail()
  }

  private string(): void {
    if (this.bytes[this.offset] !== QUOTE) this.fail()
    this.offset += 1
    for (;;) {
      const byte = this.bytes[this.offset]
      if (byte === QUOTE) break
      if (byte === undefined || byte < 0x20) this.fail()
      this.offset += byte === BACKSLASH ? this.escapeLength() : 1
    }
    this.offset += 1
  }

  private escapeLength(): number {
    const text = String.fromCharCode(...this.bytes.subarray(this.offset, this.offset + 6))
    const match = /^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(text)
    if (match === null) this.fail()
    return match[0].length
  }

  private fail(message?: string): never {
    throw new JsonFault(this.offset, message ?? this.unexpected())
  }

  private unexpected(): string {
    const byte = this.bytes[this.offset]
    if (byte === undefined) return 'the JSON ends too early'
    if (byte === 0xef && this.offset === 0) return 'a byte order mark stands before the JSON'
    const shown =
      byte > 0x20 && byte < 0x7f ? `'${String.fromCharCode(byte)}'` : `byte 0x${byte.toString(16).padStart(2, '0')}`
    return `unexpected ${shown} in the JSON`
  }
}

/** The key that a quoted text means: escapes make other spellings of it. */
function keyOf(quoted: string): string {
  return quoted.includes('\\') ? String(JSON.parse(quoted)) : quoted.slice(1, -1)
}

function isWordByte(byte: number | undefined): boolean {
  return (
    byte !== undefined &&
    ((byte >= 0x30 && byte <= 0x39) ||
      ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a) ||
      byte === 0x2b ||
      byte === 0x2d ||
      byte === 0x2e)
  )
}
