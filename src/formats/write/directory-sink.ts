import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { OutputDirectory } from '../../bytes/output-directory.js'
import { fileOutput, outputError, type Output } from '../../bytes/output.js'
import { blocksOf, type Blocks } from '../../bytes/blocks.js'
import { bytesSource } from '../../bytes/source.js'
import type { RunContext } from '../../context.js'
import { ArchiveError } from '../../errors.js'
import type { Staged } from '../../model/outgoing.js'
import { copied, type ArchiveSink, type SinkMember } from './sink.js'

/** A directory with a file for each member; it is disposed of with the sink. */
export function directorySink(directory: OutputDirectory): ArchiveSink {
  const names = new WeakMap<Staged, string>()
  let written = 0
  let staging = 0
  const write = async (path: string, fill: (file: Output) => Promise<void>): Promise<number> => {
    await using file = await fileOutput(path, { force: false })
    await fill(file)
    await file.commit()
    return file.position
  }
  const stage = async (fill: (file: Output) => Promise<void>): Promise<Staged> => {
    const order = staging++
    const path = join(directory.path, `.staged-${String(order)}`)
    const staged: Staged = { size: await write(path, fill), order }
    names.set(staged, path)
    return staged
  }
  return {
    location: directory.location,
    stage: (chunks) =>
      stage(async (file) => {
        for await (const chunk of chunks) await file.write(chunk)
      }),
    stageBlocks: (blocks) => stage((file) => file.take(blocks)),
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
      if (from === undefined) written += await write(path, (file) => file.take(contentOf(member, context)))
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

function contentOf(member: SinkMember, context: RunContext): Blocks {
  if (member.kind === 'document') return blocksOf(bytesSource(member.bytes, member.path))
  if (member.kind === 'blob' && member.content.kind === 'source') {
    return copied(member.content.source, member.path, context)
  }
  // Layouts that are directories hold no links.
  throw new ArchiveError('ERR_OUTPUT', `a directory cannot hold ${member.path}`)
}
