const COLUMNS = [44, 10, 8, 8, 10, 6]

/** The value in the middle of the sorted ones; the mean of the two middle ones where their number is even. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Lines of one job's table: medians of seconds, ratio to the first contender, seconds of all cores, the highest peak of RSS, runs. */
export function tableOf({ title, name, aims }, results) {
  const [first] = results
  const lines = results.map(({ contender, runs }) => {
    const seconds = secondsOf(runs)
    return row([
      contender.name,
      seconds.toFixed(3),
      (seconds / secondsOf(first.runs)).toFixed(2),
      median(runs.map(({ cpu }) => cpu)).toFixed(2),
      `${megabytes(runs)} MB`,
      runs.length,
    ])
  })
  const said = aims.map((aim) => aimLine(aim, results)).filter(Boolean)
  return [`${name}: ${title}`, row(['', 'median s', 'ratio', 'cpu s', 'peak RSS', 'runs']), ...lines, ...said, '']
}

function row(cells) {
  return cells
    .map((cell, index) => (index === 0 ? String(cell).padEnd(COLUMNS[0]) : String(cell).padStart(COLUMNS[index])))
    .join('')
}

function aimLine({ of, against, ratio, megabytes: most }, results) {
  const runsOf = ({ name }) => results.find(({ contender }) => contender.name === name)?.runs
  const own = runsOf(of)
  if (own === undefined) return undefined
  if (most !== undefined) return verdict(`${of.name} under ${most} MB`, megabytes(own), megabytes(own) < most)
  const other = runsOf(against)
  if (other === undefined) return undefined
  const measured = secondsOf(own) / secondsOf(other)
  return verdict(`${of.name} <= ${ratio} x ${against.name}`, measured.toFixed(2), measured <= ratio)
}

function verdict(aim, measured, met) {
  return `  aim: ${aim}: ${measured}, ${met ? 'met' : 'MISSED'}`
}

const secondsOf = (runs) => median(runs.map(({ seconds }) => seconds))
const megabytes = (runs) => Math.round(Math.max(...runs.map(({ peak }) => peak)) / 1e6)
