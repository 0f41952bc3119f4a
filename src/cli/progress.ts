import type { ProgressEvent } from '../context.js'
import { visibleName } from '../report/escape.js'
import { sizeInWords } from '../report/size.js'

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

/** Takes progress events, and clears the line when the work is over. */
export interface Progress {
  on(event: ProgressEvent): void
  clear(): void
}

const REDRAW_EVERY = 100
const PLAIN_EVERY = 10_000
const CLEAR_LINE = '\r\u001b[K'
const SILENT: Progress = { on: () => undefined, clear: () => undefined }

/** One line redrawn at most 10 times a second on a terminal; a line every 10 seconds for `plain`; nothing otherwise. */
export function progressOn(settings: ProgressSettings): Progress {
  if (settings.mode === 'plain') return lineByLine(settings)
  return settings.mode === 'auto' && settings.terminal ? redrawn(settings) : SILENT
}

function lineByLine({ write, clock }: ProgressSettings): Progress {
  const started = clock()
  let last = started
  return {
    on(event) {
      const now = clock()
      if (now - last < PLAIN_EVERY) return
      last = now
      write(`${describe(event, now - started)}\n`)
    },
    clear: () => undefined,
  }
}

function redrawn({ write, clock, width }: ProgressSettings): Progress {
  let started: number | undefined
  let task = ''
  let last = Number.NEGATIVE_INFINITY
  return {
    on(event) {
      const now = clock()
      if (started === undefined || `${event.task}\n${event.subject}` !== task) started = now
      task = `${event.task}\n${event.subject}`
      if (now - last < REDRAW_EVERY) return
      last = now
      write(`${CLEAR_LINE}${describe(event, now - started).slice(0, Math.max(width() - 1, 20))}`)
    },
    clear() {
      if (last !== Number.NEGATIVE_INFINITY) write(CLEAR_LINE)
    },
  }
}

function describe({ task, subject, done, total }: ProgressEvent, elapsed: number): string {
  const rate = elapsed < 500 ? '' : `, ${sizeInWords(Math.round((done * 1000) / elapsed))}/s`
  const share = total === undefined || total === 0 ? '' : ` ${Math.min(100, Math.floor((100 * done) / total))}%`
  return `${task} ${visibleName(subject)}:${share} ${sizeInWords(done)}${rate}`
}
