// SIGHUP comes where the terminal is closed, or the connection to it is lost.
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Lets the signals that end a program abort the work; a second one kills, since nobody listens any more. `stop` ends the listening. */
export function abortOnSignals(): { readonly signal: AbortSignal; readonly stop: () => void } {
  const controller = new AbortController()
  const abort = (): void => {
    stop()
    controller.abort()
  }
  const stop = (): void => {
    for (const name of SIGNALS) process.off(name, abort)
  }
  for (const name of SIGNALS) process.on(name, abort)
  return { signal: controller.signal, stop }
}
