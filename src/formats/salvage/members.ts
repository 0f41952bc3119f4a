import { lstat } from 'node:fs/promises'
import type { ByteSource } from '../../bytes/source.js'
import type { RunContext } from '../../context.js'
import { toArchiveError } from '../../errors.js'
import type { LooseMember, LooseMembers } from '../../model/loose-member.js'
import { directoryFiles } from '../directory-files.js'
import { getFile, type FileSet } from '../files.js'
import { storedLayer } from '../layers.js'
import { openPlainTar } from '../plain-tar.js'
import { isGiven, type GivenBytes } from '../stored.js'
import { foundMembers } from './resync.js'

/**
 * Every file that can be found in a damaged archive: behind damaged headers too, and up to where it is cut. A directory
 * gives what lies in it; `-` is what is given. Errors: ERR_NOT_FOUND, ERR_IO, ERR_USAGE.
 */
export async function looseMembers(path: string, context: RunContext, given: GivenBytes = {}): Promise<LooseMembers> {
  if (!isGiven(path, given) && (await isDirectory(path))) return membersBelow(await directoryFiles(path))
  const { source, findings } = await openPlainTar(path, context, given)
  const close = () => source[Symbol.asyncDispose]()
  try {
    const found = await foundMembers(source, path, context)
    return {
      location: path,
      members: found.members,
      findings: [...findings, ...found.findings],
      source,
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
