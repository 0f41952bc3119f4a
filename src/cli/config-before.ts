import { readFile, stat } from 'node:fs/promises'
import type { RunContext } from '../context.js'
import { ArchiveError, toArchiveError } from '../errors.js'
import { selectImage } from '../model/select.js'
import { configBefore, configInspected, type ConfigBefore } from '../ops/config-from.js'
import { openOperand } from './archives.js'
import type { GlobalValues } from './options.js'

/** The config that an image archive or a file of `docker inspect` holds. Errors: those of openOperand, ERR_DOCUMENT. */
export async function readConfigBefore(
  from: string,
  globals: GlobalValues,
  context: RunContext,
): Promise<ConfigBefore> {
  const inspected = await readInspected(from, context)
  if (inspected !== undefined) return configInspected(inspected, from)
  await using archive = await openOperand(from, { globals, context, access: 'once' })
  const { configSource } = selectImage(archive, {})
  if (configSource.kind !== 'stored') {
    throw new ArchiveError('ERR_NOT_FOUND', 'it holds no config', { location: from })
  }
  const { bytes, scan } = configSource.document
  const document: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(0, scan.end)))
  return configBefore(document, from)
}

/** The JSON of a file that is JSON, which no archive is; undefined for all else. */
async function readInspected(path: string, { limits }: RunContext): Promise<unknown> {
  const status = await stat(path).catch(() => undefined)
  if (status?.isFile() !== true || status.size > limits.json) return undefined
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw toArchiveError(cause, { location: path })
  })
  if (!/^\s*[[{]/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ArchiveError('ERR_JSON', 'it is no valid JSON', { location: path, cause })
  }
}
