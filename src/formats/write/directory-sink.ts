import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { OutputDirectory } from '../../bytes/output-directory.js'
import { fileOutput, outputError } from '../../bytes/output.js'
import { readAhead } from '../../bytes/read-ahead.js'
import { bytesSource } from '../../bytes/source.js'
import type { RunContext } from '../../context.js'
import { ArchiveError } from '../../errors.js'
import type { Staged } from '../../model/outgoing.js'
import type { ArchiveSink, SinkMember } from './sink.js'

/** A directory with a file for each member; it is disposed of with the sink. */
export function directorySink(directory: OutputDirectory): ArchiveSink {
  const names = new WeakMap<Staged, string>()
  let written = 0
  let staging = 0
  const write = async (path: string, chunks: AsyncIterable<Uint8Array>): Promise<number> => {
    await using file = await fileOutput(path, { force: false })
    for await (const chunk of chunks) await file.write(chunk)
    await file.commit()
    return file.position
  }
  return {
    location: directory.location,
    async stage(chunks) {
      const order = staging++
      const path = join(directory.path, `.staged-${String(order)}`)
      const staged: Staged = { size: await write(path, chunks), order }
      names.set(staged, path)
      return staged
    },
    async discard(staged) {
      const path = names.get(staged)
      if (path !== undefined) await rm(path, { force: true })
    },
    async add(member, context) {
      const path = join(directory.path, member.path)
      await mkdir(dirname(path), { recursive: true }).catch((cause: unknown) => {
        throw outputError(cause, directory.location)
      })
      const staged = stagedOf(member)
      const from = staged === undefined ? undefined : names.get(staged)
      if (from === undefined) written += await write(path, contentOf(member, context))
      else {
        await rename(from, path)
        written += staged?.size ?? 0
      }
    },
    async commit() {
      await directory.commit()
      return written
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}

function stagedOf(member: SinkMember): Staged | undefined {
  return member.kind === 'blob' && member.content.kind === 'staged' ? member.content.staged : undefined
}

async function* contentOf(member: SinkMember, context: RunContext): AsyncGenerator<Uint8Array> {
  if (member.kind === 'document') yield* readAhead(bytesSource(member.bytes, member.path))
  else if (member.kind === 'blob' && member.content.kind === 'source') {
    const { source } = member.content
    let done = 0
    for await (const chunk of readAhead(source, context.signal)) {
      yield chunk
      done += chunk.length
      context.onProgress?.({ task: 'copy', subject: member.path, done, total: source.size })
    }
  } else {
    // Layouts that are directories hold no links.
    throw new ArchiveError('ERR_OUTPUT', `a directory cannot hold ${member.path}`)
  }
}
