import { lstat } from 'node:fs/promises'
import { detectCompression, SNIFF_BYTES } from '../../bytes/compression.js'
import { pipeAt } from '../../bytes/pipe.js'
import { chunksOf, fileSource, type ByteSource, type OpenSource } from '../../bytes/source.js'
import { spool } from '../../bytes/spool.js'
import type { RunContext } from '../../context.js'
import { toArchiveError } from '../../errors.js'
import type { Finding } from '../../findings.js'
import type { LooseMember, LooseMembers } from '../../model/loose-member.js'
import { directoryFiles } from '../directory-files.js'
import { getFile, type FileSet } from '../files.js'
import { storedLayer } from '../layers.js'
import { watchCompression } from '../outer-compression.js'
import { foundMembers } from './resync.js'

/**
 * Every file that can be found in a damaged archive: behind damaged headers too, and up to where it is cut. A directory
 * gives what lies in it; `-` is `stdin`. Errors: ERR_NOT_FOUND, ERR_IO.
 */
export async function looseMembers(
  path: string,
  context: RunContext,
  { stdin }: { readonly stdin?: AsyncIterable<Uint8Array> } = {},
): Promise<LooseMembers> {
  if (path !== '-' && (await isDirectory(path))) return membersBelow(await directoryFiles(path))
  const { source, findings } = await openSource(path, context, stdin)
  const close = () => source[Symbol.asyncDispose]()
  try {
    const found = await foundMembers(source, path, context)
    return {
      location: path,
      members: found.members,
      findings: [...findings(), ...found.findings],
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function isDirectory(path: string): Promise<boolean> {
  const status = await lstat(path).catch((cause: unknown) => {
    throw toArchiveError(cause, { location: path })
  })
  return status.isDirectory()
}

interface Opened {
  readonly source: OpenSource
  readonly findings: () => readonly Finding[]
}

/** The uncompressed bytes, as far as they come. */
async function openSource(path: string, context: RunContext, stdin?: AsyncIterable<Uint8Array>): Promise<Opened> {
  const stream = path === '-' ? stdin : await pipeAt(path, context.signal)
  if (stream !== undefined) return spooled(stream, path, context)
  const source = await fileSource(path)
  const head = await source.read({ offset: 0, length: Math.min(SNIFF_BYTES, source.size) })
  if (detectCompression(head) === 'none') return { source, findings: () => [] }
  try {
    return await spooled(chunksOf(source, context.signal), path, context)
  } finally {
    await source[Symbol.asyncDispose]()
  }
}

async function spooled(chunks: AsyncIterable<Uint8Array>, path: string, context: RunContext): Promise<Opened> {
  const outer = await watchCompression(chunks, path, context)
  return { source: await spool(outer.chunks, path, context.signal), findings: () => outer.findings() }
}

// An OCI layout has four levels.
const MOST_DEPTH = 6

async function membersBelow(files: FileSet): Promise<LooseMembers> {
  const members: LooseMember[] = []
  const walk = async (directory: string, depth: number): Promise<void> => {
    for (const name of await files.list(directory)) {
      const path = directory === '' ? name : `${directory}/${name}`
      const file = await getFile(files, path)
      if (file !== undefined) members.push(memberOf(path, file.source))
      else if (depth < MOST_DEPTH) await walk(path, depth + 1)
    }
  }
  await walk('', 1)
  return { location: files.location, members, findings: [], [Symbol.asyncDispose]: () => files[Symbol.asyncDispose]() }
}

function memberOf(path: string, source: ByteSource): LooseMember {
  return { path, state: 'whole', source, layer: (index, claims) => storedLayer(index, { path, source }, claims) }
}
