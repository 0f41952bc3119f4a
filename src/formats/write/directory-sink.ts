import type { OutputDirectory } from '../../bytes/output-directory.js'
import { outputFiles, type OutputFile } from '../../bytes/output-files.js'
import { blocksOf, type Blocks } from '../../bytes/blocks.js'
import { bytesSource } from '../../bytes/source.js'
import type { RunContext } from '../../context.js'
import { ArchiveError } from '../../errors.js'
import type { Staged } from '../../model/outgoing.js'
import { copied, type ArchiveSink, type SinkMember } from './sink.js'

/** A directory with a file for each member; it is disposed of with the sink. */
export function directorySink(directory: OutputDirectory): ArchiveSink {
  const files = outputFiles(directory.path, directory.location)
  const names = new WeakMap<Staged, string>()
  let written = 0
  let staging = 0
  const stage = async (fill: (file: OutputFile) => Promise<void>): Promise<Staged> => {
    const order = staging++
    const name = `.staged-${String(order)}`
    const staged: Staged = { size: await files.make(name, fill), order }
    names.set(staged, name)
    return staged
  }
  return {
    location: directory.location,
    stage: (chunks) =>
      stage(async (file) => {
        for await (const chunk of chunks) await file.append(chunk)
      }),
    stageBlocks: (blocks) => stage((file) => file.take(blocks)),
    async discard(staged) {
      const name = names.get(staged)
      if (name !== undefined) await files.remove(name)
    },
    async add(member, context) {
      const staged = stagedOf(member)
      const name = staged === undefined ? undefined : names.get(staged)
      if (name === undefined) written += await files.make(member.path, (file) => file.take(contentOf(member, context)))
      else {
        await files.move(name, member.path)
        written += staged?.size ?? 0
      }
    },
    async commit() {
      await files.store()
      await directory.commit()
      return written
    },
    async [Symbol.asyncDispose]() {
      await files[Symbol.asyncDispose]()
      await directory[Symbol.asyncDispose]()
    },
  }
}

function stagedOf(member: SinkMember): Staged | undefined {
  return member.kind === 'blob' && member.content.kind === 'staged' ? member.content.staged : undefined
}

function contentOf(member: SinkMember, context: RunContext): Blocks {
  if (member.kind === 'document') return blocksOf(bytesSource(member.bytes, member.path))
  if (member.kind === 'blob' && member.content.kind === 'source') {
    return copied(member.content.source, member.path, context)
  }
  // Layouts that are directories hold no links.
  throw new ArchiveError('ERR_OUTPUT', `a directory cannot hold ${member.path}`)
}
