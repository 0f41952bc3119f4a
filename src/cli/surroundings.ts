/** The environment as Node gives it. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Whether to colour: `--color` decides, then NO_COLOR and FORCE_COLOR (no-color.org, force-color.org), then the terminal. */
export function coloured(mode: 'auto' | 'always' | 'never', terminal: boolean, environment: Environment): boolean {
  if (mode !== 'auto') return mode === 'always'
  if ((environment.NO_COLOR ?? '') !== '') return false
  const forced = environment.FORCE_COLOR ?? ''
  if (forced !== '') return forced !== '0' && forced !== 'false'
  return terminal && environment.TERM !== 'dumb'
}

/** What ages count from: SOURCE_DATE_EPOCH where it is set (reproducible-builds.org), so that output can be repeated; else now. */
export function nowFrom(environment: Environment): Date {
  const epoch = environment.SOURCE_DATE_EPOCH ?? ''
  return /^\d{1,12}$/.test(epoch) ? new Date(Number(epoch) * 1000) : new Date()
}
