import stringWidth from 'fast-string-width'
import type { ProgressEvent } from '../context.js'
import { visibleName } from '../report/escape.js'
import { sizeInWords } from '../report/size.js'
import { ellipsis, middleEllipsis } from '../report/table.js'

/** Where progress goes, and the time it goes by. */
export interface ProgressSettings {
  readonly mode: 'auto' | 'plain' | 'none'
  readonly terminal: boolean
  /** Columns of the terminal. */
  readonly width: () => number
  readonly write: (text: string) => void
  /** Milliseconds of a clock that never goes back. */
  readonly clock: () => number
}

/** Takes progress events. */
export interface Progress {
  on(event: ProgressEvent): void
  /** Takes the line away, for something else to be written; the next event may draw it again. */
  clear(): void
  /** Takes the line away for good: from now on the terminal belongs to what the command prints. */
  stop(): void
}

const REDRAW_EVERY = 100
const PLAIN_EVERY = 10_000
const CLEAR_LINE = '\r\u001b[K'
const SILENT: Progress = { on: () => undefined, clear: () => undefined, stop: () => undefined }

/** One line redrawn at most 10 times a second on a terminal; a line every 10 seconds for `plain`; nothing otherwise. */
export function progressOn(settings: ProgressSettings): Progress {
  if (settings.mode === 'plain') return lineByLine(settings)
  return settings.mode === 'auto' && settings.terminal ? redrawn(settings) : SILENT
}

function lineByLine({ write, clock }: ProgressSettings): Progress {
  const started = clock()
  let last = started
  return {
    ...SILENT,
    on(event) {
      const now = clock()
      if (now - last < PLAIN_EVERY) return
      last = now
      write(`${describe(event, now - started)}\n`)
    },
  }
}

function redrawn({ write, clock, width }: ProgressSettings): Progress {
  let started: number | undefined
  let task = ''
  let last = Number.NEGATIVE_INFINITY
  let isDrawn = false
  let isOver = false
  const clear = (): void => {
    // Where no line is drawn, the one that would go is what a command has printed.
    if (isDrawn) write(CLEAR_LINE)
    isDrawn = false
  }
  return {
    clear,
    on(event) {
      const now = clock()
      if (started === undefined || `${event.task}\n${event.subject}` !== task) started = now
      task = `${event.task}\n${event.subject}`
      if (isOver || now - last < REDRAW_EVERY) return
      last = now
      isDrawn = true
      write(`${CLEAR_LINE}${describe(event, now - started, Math.max(width() - 1, 20))}`)
    },
    stop() {
      clear()
      isOver = true
    },
  }
}

/** One line of at most `room` columns: of what does not fit, the subject is shortened, and the figures stay. */
function describe({ task, subject, done, total, unit }: ProgressEvent, elapsed: number, room = Infinity): string {
  const share = total === undefined || total === 0 ? '' : ` ${Math.min(100, Math.floor((100 * done) / total))}%`
  if (unit !== undefined) return around(task, subject, `:${share} ${unit} ${done}${ofTotal(total)}`, room)
  const rate = elapsed < 500 ? '' : `, ${sizeInWords(Math.round((done * 1000) / elapsed))}/s`
  return around(task, subject, `:${share} ${sizeInWords(done)}${rate}`, room)
}

function ofTotal(total: number | undefined): string {
  return total === undefined ? '' : ` of ${total}`
}

// Less of a name says nothing.
const LEAST_SUBJECT = 4

function around(task: string, subject: string, figures: string, room: number): string {
  const left = room - stringWidth(`${task} ${figures}`)
  if (left < LEAST_SUBJECT) return ellipsis(`${task}${figures}`, room)
  return `${task} ${shortened(visibleName(subject), left)}${figures}`
}

/** Digests become their first twelve digits, as docker has them, where the whole does not fit. */
function shortened(subject: string, most: number): string {
  if (stringWidth(subject) <= most) return subject
  return middleEllipsis(subject.replace(/\b(?:blobs\/sha256\/)?([a-f0-9]{12})[a-f0-9]{52}\b/g, '$1'), most)
}
