const HOUR = 3600

/** How long before `now` a time was, as docker says it (go-units HumanDuration): `2 weeks ago`; `N/A` where there is no time. */
export function ago(time: string | null | undefined, now: Date): string {
  const then = time === null || time === undefined ? Number.NaN : Date.parse(time)
  // Go's zero time, year 1, stands for none.
  if (Number.isNaN(then) || time?.startsWith('0001-01-01T') === true) return 'N/A'
  return `${duration((now.getTime() - then) / 1000)} ago`
}

function duration(seconds: number): string {
  if (seconds < 1) return 'Less than a second'
  if (seconds < 2) return '1 second'
  if (seconds < 60) return `${Math.trunc(seconds)} seconds`
  if (seconds < 120) return 'About a minute'
  if (seconds < HOUR) return `${Math.trunc(seconds / 60)} minutes`
  return hoursInWords(Math.trunc(seconds / HOUR + 0.5), seconds)
}

function hoursInWords(hours: number, seconds: number): string {
  if (hours === 1) return 'About an hour'
  if (hours < 48) return `${hours} hours`
  if (hours < 24 * 7 * 2) return `${Math.trunc(hours / 24)} days`
  if (hours < 24 * 30 * 2) return `${Math.trunc(hours / 24 / 7)} weeks`
  if (hours < 24 * 365 * 2) return `${Math.trunc(hours / 24 / 30)} months`
  return `${Math.trunc(Math.trunc(seconds / HOUR) / 24 / 365)} years`
}

/** Seconds since 1970, with or without a fraction, as `2026-11-21 02:57` in UTC; `@seconds` where no calendar reaches. */
export function listingTime(seconds: string): string {
  // Cut the fraction as text: a number would round .999999999 up. What lies before 1970 counts down.
  const [whole = '', fraction] = seconds.split('.')
  const time = new Date((Number(whole) - (whole.startsWith('-') && fraction !== undefined ? 1 : 0)) * 1000)
  const text = Number.isNaN(time.getTime()) ? '' : time.toISOString()
  return /^\d{4}-/.test(text) ? `${text.slice(0, 10)} ${text.slice(11, 16)}` : `@${seconds}`
}
