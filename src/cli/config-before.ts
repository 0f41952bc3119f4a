import { stat } from 'node:fs/promises'
import type { ByteSource } from '../bytes/source.js'
import type { RunContext } from '../context.js'
import { ArchiveError } from '../errors.js'
import { parseOperand } from '../formats/operand.js'
import { documentText } from '../model/json.js'
import { selectImage } from '../model/select.js'
import { configBefore, configInspected, type ConfigBefore } from '../ops/config-from.js'
import { openBytes, openOperand } from './archives.js'
import type { GlobalValues } from './options.js'

/** The config that an image archive or a file of what inspects images holds. Errors: those of openOperand, ERR_DOCUMENT. */
export async function readConfigBefore(
  from: string,
  globals: GlobalValues,
  context: RunContext,
): Promise<ConfigBefore> {
  const { path } = await parseOperand(from)
  const isDirectory = (await stat(path).catch(() => undefined))?.isDirectory() === true
  await using source = isDirectory ? undefined : await openBytes(path, context)
  const inspected = source && (await readInspected(source, context))
  if (inspected !== undefined) return configInspected(inspected, from)
  await using archive = await openOperand(from, { globals, context, access: 'once', given: source && { source } })
  const { configSource } = selectImage(archive, {})
  if (configSource.kind !== 'stored') {
    throw new ArchiveError('ERR_NOT_FOUND', 'it holds no config', {
      location: from,
      hint: 'docker inspect says the config of an image or a container: give what that prints',
    })
  }
  return configBefore(JSON.parse(documentText(configSource.document)), from)
}

/** The JSON of bytes that are JSON, which no archive is; undefined for all else. */
async function readInspected(source: ByteSource, { limits }: RunContext): Promise<unknown> {
  if (source.size > limits.json) return undefined
  const text = new TextDecoder().decode(await source.read({ offset: 0, length: source.size }))
  if (!/^\s*[[{]/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ArchiveError('ERR_JSON', 'it is no valid JSON', { location: source.location, cause })
  }
}
