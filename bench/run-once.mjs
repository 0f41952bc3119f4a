import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

const POLL_MS = 15

// Where this is set Node reads all certificates at each start: 60 ms here, as much as everything else that it does then.
const { NODE_EXTRA_CA_CERTS: _, ...ENVIRONMENT } = process.env

/**
 * Runs one command to its end: seconds on the wall, seconds of all cores as wait(2) counts them (two decimals), and the largest peak RSS (bytes) of any process it started, by the
 * kernel's VmHWM. A peak is monotone, so that polling can only miss what grew in the last milliseconds of a process.
 */
export function runOnce([file, ...args], { stdin = 'ignore' } = {}) {
  return new Promise((resolve, reject) => {
    const started = process.hrtime.bigint()
    const ticks = childTicks()
    const child = spawn(file, args, { stdio: [stdin, 'ignore', 'pipe'], env: ENVIRONMENT })
    let [peak, complaint] = [0, '']
    const poll = setInterval(() => (peak = Math.max(peak, peakOf(child.pid))), POLL_MS)
    child.stderr.on('data', (text) => (complaint = (complaint + text).slice(-2000)))
    child.on('error', reject)
    child.on('exit', (code) => {
      const seconds = Number(process.hrtime.bigint() - started) / 1e9
      clearInterval(poll)
      if (code === 0) resolve({ seconds, cpu: (childTicks() - ticks) / 100, peak })
      else reject(new Error(`${[file, ...args].join(' ')} ended with ${code}: ${complaint.trim()}`))
    })
  })
}

/** Hundredths of a second that ended children used, their own children too: fields 16 and 17 of proc(5)'s stat. */
function childTicks() {
  const fields = textOf('/proc/self/stat').split(' ')
  return Number(fields[15] ?? 0) + Number(fields[16] ?? 0)
}

function peakOf(pid) {
  const own = kilobytes(pid) * 1024
  return Math.max(own, ...childrenOf(pid).map(peakOf))
}

function kilobytes(pid) {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(textOf(`/proc/${pid}/status`))?.[1] ?? 0)
}

function childrenOf(pid) {
  return textOf(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean)
}

// Processes end while they are looked at, and other systems have no /proc.
function textOf(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
