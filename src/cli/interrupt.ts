/** Lets SIGINT and SIGTERM abort the work; a second one kills, since nobody listens any more. `stop` ends the listening. */
export function abortOnSignals(): { readonly signal: AbortSignal; readonly stop: () => void } {
  const controller = new AbortController()
  const abort = (): void => {
    stop()
    controller.abort()
  }
  const stop = (): void => {
    process.off('SIGINT', abort)
    process.off('SIGTERM', abort)
  }
  process.on('SIGINT', abort)
  process.on('SIGTERM', abort)
  return { signal: controller.signal, stop }
}
