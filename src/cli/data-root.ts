import type { RunContext } from '../context.js'
import type { DataRoot } from '../model/data-root.js'
import { streamAt } from './archives.js'

/** Opens the data-root that a path or a `docker-root:` operand names; `-` is a tar of one on stdin. Errors: those of openWholeRoot. */
export async function openRoot(text: string, context: RunContext): Promise<DataRoot> {
  const { openWholeRoot } = await import('../formats/data-root/index.js')
  const path = text.replace(/^docker-root:/, '')
  const stdin = await streamAt(path, context)
  return openWholeRoot(path, context, stdin === undefined ? {} : { stdin })
}
