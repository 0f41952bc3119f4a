import { toolVersion } from './version.js'

/** The head of every report: which command answers, by which imgtar, and whether the exit code is 0. */
export function envelope<Name extends string>(
  name: Name,
  ok: boolean,
): {
  schema: `imgtar/${Name}/v1`
  tool: { name: 'imgtar'; version: string }
  ok: boolean
} {
  return { schema: `imgtar/${name}/v1`, tool: { name: 'imgtar', version: toolVersion() }, ok }
}
