import type { RunContext, UserNamespace } from '../context.js'
import type { DataRoot } from '../model/data-root.js'
import { givenFor } from './archives.js'
import { value } from './arguments.js'
import { UsageError } from './usage-error.js'
import { parseUserNamespace } from '../model/user-namespace.js'

/** The option of commands that need the owners of a data-root's files. */
export const USERNS_OPTION = value(
  'what 0:0 of containers is on the host, where the data-root does not show it; a second pair is what 1:1 is (rootless)',
  'UID:GID[,UID:GID]',
  (text) => {
    const space = parseUserNamespace(text)
    if (space === undefined) throw new UsageError(`--userns wants UID:GID or UID:GID,UID:GID, not '${text}'`)
    return space
  },
)

/** A context that has the user namespace that was asked for. */
export function withUserNamespace(context: RunContext, userNamespace: UserNamespace | undefined): RunContext {
  return userNamespace === undefined ? context : { ...context, userNamespace }
}

/** Opens the data-root that a path or a `docker-root:` operand names; `-` is a tar of one on stdin. Errors: those of openWholeRoot. */
export async function openRoot(text: string, context: RunContext): Promise<DataRoot> {
  const { openWholeRoot } = await import('../formats/data-root/index.js')
  const path = text.replace(/^docker-root:/, '')
  return openWholeRoot(path, context, await givenFor(path, context))
}
