import type { RunContext } from '../context.js'
import { ArchiveError } from '../errors.js'
import type { DataRoot } from '../model/data-root.js'

/** Opens the data-root that a path or a `docker-root:` operand names; `-` is a tar of one on stdin. Errors: those of openWholeRoot. */
export async function openRoot(text: string, context: RunContext): Promise<DataRoot> {
  const { openWholeRoot } = await import('../formats/data-root/index.js')
  const path = text.replace(/^docker-root:/, '')
  if (path === '-' && process.stdin.isTTY) throw new ArchiveError('ERR_USAGE', 'standard input is a terminal')
  return openWholeRoot(path, context, { stdin: process.stdin })
}
